using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>Lowers the rates when a metric, given to <see cref="LRScheduler.step(double, int?)"/>, stops getting better.</summary>
            /// <param name="optimizer">Whose rates to set.</param>
            /// <param name="mode"><c>min</c> where a smaller metric is better, <c>max</c> where a larger one is.</param>
            /// <param name="factor">What the rates are multiplied by, below 1.</param>
            /// <param name="patience">How many steps without a better metric are allowed.</param>
            /// <param name="threshold">By how much better is better.</param>
            /// <param name="threshold_mode"><c>rel</c> for a share of the best metric, <c>abs</c> for a difference.</param>
            /// <param name="cooldown">How many steps after a reduction are not counted.</param>
            /// <param name="min_lr">The lowest rate, for all groups or each.</param>
            /// <param name="eps">A smaller change of a rate is not made.</param>
            /// <param name="verbose">Whether to write each change to the console.</param>
            public static LRScheduler ReduceLROnPlateau(Optimizer optimizer, string mode = "min", double factor = 0.1, int patience = 10, double threshold = 0.0001, string threshold_mode = "rel", int cooldown = 0, IList<double>? min_lr = null, double eps = 1E-08, bool verbose = false) =>
                new impl.ReduceLROnPlateau(optimizer, mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps, verbose);

            public static partial class impl
            {
                /// <summary>Lowers the rates when a metric stops getting better.</summary>
                public class ReduceLROnPlateau : LRScheduler
                {
                    private readonly List<ILearningRateController> _groups;
                    private readonly Func<double, double, bool> _isBetter;
                    private readonly IList<double> _lowest;
                    private readonly double _factor;
                    private readonly double _eps;
                    private readonly int _patience;
                    private readonly int _cooldown;
                    private readonly bool _tell;
                    private double _best;
                    private int _bad;
                    private int _cooling;

                    /// <summary>See <see cref="lr_scheduler.ReduceLROnPlateau"/>.</summary>
                    public ReduceLROnPlateau(Optimizer optimizer, string mode = "min", double factor = 0.1, int patience = 10, double threshold = 0.0001, string threshold_mode = "rel", int cooldown = 0, IList<double>? min_lr = null, double eps = 1E-08, bool verbose = false)
                        : base(optimizer, -1, verbose)
                    {
                        if (!(factor < 1)) throw new ArgumentException($"The factor {factor} would not lower the rates; it must be below 1");
                        _isBetter = (mode, threshold_mode) switch
                        {
                            ("min", "rel") => (metric, best) => metric < best * (1 - threshold),
                            ("min", "abs") => (metric, best) => metric < best - threshold,
                            ("max", "rel") => (metric, best) => metric > best * (1 + threshold),
                            ("max", "abs") => (metric, best) => metric > best + threshold,
                            _ => throw new ArgumentException($"The mode is min or max and the threshold's rel or abs, not '{mode}' and '{threshold_mode}'"),
                        };
                        _groups = optimizer.ParamGroups.ToList();
                        _lowest = min_lr is { Count: > 1 } ? min_lr : [.. _groups.Select(_ => min_lr is [var one] ? one : 0)];
                        if (_lowest.Count != _groups.Count) throw new ArgumentException($"There are {_lowest.Count} lowest rates for {_groups.Count} groups");
                        (_factor, _eps, _patience, _cooldown, _tell) = (factor, eps, patience, cooldown, verbose);
                        _best = mode == "min" ? double.PositiveInfinity : double.NegativeInfinity;
                    }

                    /// <summary>One step on, with the metric reached.</summary>
                    public override void step(double current, int? epoch = null)
                    {
                        _step_count++;
                        LastEpoch = epoch ?? LastEpoch + 1;
                        if (_isBetter(current, _best)) (_best, _bad) = (current, 0);
                        else _bad++;
                        if (_cooling > 0)
                        {
                            _cooling--;
                            _bad = 0;
                        }
                        if (_bad <= _patience) return;
                        (_cooling, _bad) = (_cooldown, 0);
                        Reduce();
                    }

                    /// <summary>Refused: this schedule needs a metric.</summary>
                    public override void step() => throw NeedsMetric();

                    /// <summary>Refused: this schedule needs a metric.</summary>
                    public override void step(int? epoch) => throw NeedsMetric();

                    private void Reduce()
                    {
                        for (var k = 0; k < _groups.Count; k++)
                        {
                            var lower = Math.Max(_groups[k].LearningRate * _factor, _lowest[k]);
                            if (_groups[k].LearningRate - lower <= _eps) continue;
                            _groups[k].LearningRate = lower;
                            if (_tell) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Learning rate {lower} for group {k} from step {LastEpoch} on"));
                        }
                        LastRates = [.. _groups.Select(group => group.LearningRate)];
                    }

                    private static InvalidOperationException NeedsMetric() =>
                        new("ReduceLROnPlateau goes by a metric: call step(metric)");
                }
            }
        }
    }
}
