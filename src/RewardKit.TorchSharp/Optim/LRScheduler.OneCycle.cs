namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>
            /// Up from <c>max_lr / div_factor</c> to <paramref name="max_lr"/> within the first <paramref name="pct_start"/> of all
            /// steps, then down to a <paramref name="final_div_factor"/>th of the start; momentum, or Adam's first coefficient,
            /// goes the other way (Smith and Topin, arXiv:1708.07120).
            /// </summary>
            /// <param name="optimizer">Whose rates and momenta to set.</param>
            /// <param name="max_lr">The highest rate.</param>
            /// <param name="total_steps">All steps; or -1, and they are <paramref name="epochs"/> times <paramref name="steps_per_epoch"/>.</param>
            /// <param name="epochs">The number of epochs.</param>
            /// <param name="steps_per_epoch">The number of steps in each.</param>
            /// <param name="pct_start">The share of the steps that go up, in [0, 1].</param>
            /// <param name="anneal_strategy">Along a cosine or a line.</param>
            /// <param name="cycle_momentum">Whether the momentum changes, too.</param>
            /// <param name="base_momentum">The lowest momentum, at the highest rate.</param>
            /// <param name="max_momentum">The highest momentum.</param>
            /// <param name="div_factor">By how much the start is lower than the highest rate.</param>
            /// <param name="final_div_factor">By how much the end is lower than the start.</param>
            /// <param name="three_phase">Whether to go down in two phases, the first as long as the way up and to where it began.</param>
            /// <param name="last_epoch">The step to go on after; -1 starts.</param>
            /// <param name="verbose">Whether to write each rate to the console.</param>
            public static LRScheduler OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, impl.OneCycleLR.AnnealStrategy anneal_strategy = impl.OneCycleLR.AnnealStrategy.Cos, bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 10000, bool three_phase = false, int last_epoch = -1, bool verbose = false) =>
                new impl.OneCycleLR(optimizer, max_lr, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, base_momentum, max_momentum, div_factor, final_div_factor, three_phase, last_epoch, verbose);

            /// <summary>As the other, with rates and momenta for each group.</summary>
            public static LRScheduler OneCycleLR(Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, impl.OneCycleLR.AnnealStrategy anneal_strategy = impl.OneCycleLR.AnnealStrategy.Cos, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 10000, bool three_phase = false, int last_epoch = -1, bool verbose = false) =>
                new impl.OneCycleLR(optimizer, max_lr, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, base_momentum, max_momentum, div_factor, final_div_factor, three_phase, last_epoch, verbose);

            /// <summary>The schedules' classes.</summary>
            public static partial class impl
            {
                /// <summary>One cycle up and down; see <see cref="lr_scheduler.OneCycleLR(Optimizer, double, int, int, int, double, AnnealStrategy, bool, double, double, double, double, bool, int, bool)"/>.</summary>
                public class OneCycleLR : LRScheduler
                {
                    private readonly List<ILearningRateController> _groups;
                    private readonly (double Low, double High)[]? _momenta;
                    private readonly double[] _highest;
                    private readonly double _divFactor;
                    private readonly double _finalDivFactor;
                    private readonly Func<double, double, double, double> _between;
                    private readonly double[] _ends;
                    private readonly int _steps;

                    /// <summary>One rate for all groups.</summary>
                    public OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 10000, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : this(optimizer, ForAll(optimizer, max_lr), total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, ForAll(optimizer, base_momentum), ForAll(optimizer, max_momentum), div_factor, final_div_factor, three_phase, last_epoch, verbose)
                    {
                    }

                    /// <summary>A rate for each group.</summary>
                    public OneCycleLR(Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 10000, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        if (!(pct_start is >= 0 and <= 1)) throw new ArgumentException($"pct_start is a share of the steps, between 0 and 1, not {pct_start}");
                        _steps = total_steps != -1 ? total_steps : epochs * steps_per_epoch;
                        if (_steps <= 0 || (total_steps == -1 && epochs <= 0))
                            throw new ArgumentException("OneCycleLR needs a positive total_steps, or positive epochs and steps_per_epoch");
                        _groups = optimizer.ParamGroups.ToList();
                        _highest = max_lr.ToArray();
                        if (_highest.Length != _groups.Count) throw new ArgumentException($"There are {_highest.Length} rates for {_groups.Count} groups");
                        if (cycle_momentum)
                        {
                            if (_groups.Any(group => group is not (IMomentum or IBetas)))
                                throw new ArgumentException("The optimiser has no momentum; pass cycle_momentum: false");
                            _momenta = (base_momentum ?? ForAll(optimizer, 0.85)).Zip(max_momentum ?? ForAll(optimizer, 0.95)).ToArray();
                            if (_momenta.Length != _groups.Count) throw new ArgumentException($"There are {_momenta.Length} momenta for {_groups.Count} groups");
                        }
                        (_divFactor, _finalDivFactor) = (div_factor, final_div_factor);
                        _between = anneal_strategy == AnnealStrategy.Cos
                            ? (from, to, share) => to + (from - to) / 2 * (Math.Cos(Math.PI * share) + 1)
                            : (from, to, share) => from + (to - from) * share;
                        _ends = three_phase
                            ? [pct_start * _steps - 1, 2 * pct_start * _steps - 2, _steps - 1]
                            : [pct_start * _steps - 1, _steps - 1];
                        step();
                    }

                    /// <summary>Along what a rate goes from one value to another.</summary>
                    public enum AnnealStrategy
                    {
                        /// <summary>Half a cosine.</summary>
                        Cos,
                        /// <summary>A line.</summary>
                        Linear,
                    }

                    /// <summary>The rates of the step; sets the momenta, too.</summary>
                    internal override IEnumerable<double> Rates()
                    {
                        if (LastEpoch > _steps) throw new InvalidOperationException($"Step {LastEpoch + 1} of a schedule of {_steps}");
                        var phase = 0;
                        while (phase < _ends.Length - 1 && LastEpoch > _ends[phase]) phase++;
                        var start = phase == 0 ? 0 : _ends[phase - 1];
                        var length = _ends[phase] - start;
                        var share = length == 0 ? 1 : (LastEpoch - start) / length;
                        for (var k = 0; k < _groups.Count && _momenta is not null; k++)
                        {
                            var (low, high) = _momenta[k];
                            SetMomentum(_groups[k], _between(phase == 1 ? low : high, phase == 0 ? low : high, share));
                        }
                        return _highest.Select(highest =>
                        {
                            var first = highest / _divFactor;
                            var last = first / _finalDivFactor;
                            var from = phase == 1 ? highest : first;
                            var to = phase == 0 ? highest : phase == _ends.Length - 1 ? last : first;
                            return _between(from, to, share);
                        });
                    }

                    private static void SetMomentum(ILearningRateController group, double momentum)
                    {
                        if (group is IBetas betas) betas.Betas = (momentum, betas.Betas.Item2);
                        else ((IMomentum)group).Momentum = momentum;
                    }

                    private static IEnumerable<double> ForAll(Optimizer optimizer, double value) => optimizer.ParamGroups.Select(_ => value);
                }
            }
        }
    }
}
