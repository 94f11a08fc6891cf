using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Learning-rate schedules.</summary>
        public static partial class lr_scheduler
        {
            /// <summary>
            /// Sets the learning rates of an optimiser as a function of the number of steps, from the initial rates of its groups.
            /// </summary>
            public abstract class LRScheduler
            {
                private readonly Optimizer? _optimizer;
                private readonly bool _verbose;

                /// <summary>How often <see cref="step()"/> was called, counting the call in the constructor.</summary>
                protected int _step_count;

                /// <summary>For schedules that change no rate themselves.</summary>
                protected LRScheduler()
                {
                }

                /// <summary>Remembers the optimiser's initial rates; the derived constructor ends with <see cref="step()"/>.</summary>
                /// <param name="optimizer">Whose rates to set.</param>
                /// <param name="last_epoch">The step to go on after; -1 starts.</param>
                /// <param name="verbose">Whether to write each rate to the console.</param>
                protected LRScheduler(Optimizer optimizer, int last_epoch = -1, bool verbose = false)
                {
                    _optimizer = optimizer;
                    _verbose = verbose;
                    LastEpoch = last_epoch;
                    BaseRates = optimizer.ParamGroups.Select(group => group.InitialLearningRate).ToList();
                    LastRates = optimizer.ParamGroups.Select(group => group.LearningRate).ToList();
                }

                internal int LastEpoch { get; set; }

                internal List<double> BaseRates { get; } = [];

                internal List<double> LastRates { get; set; } = [];

                /// <summary>The rates now, one for each group.</summary>
                public IEnumerable<double> get_last_lr() => LastRates;

                /// <summary>The rates of the step that has been reached.</summary>
                protected virtual IEnumerable<double> get_lr() => get_closed_form_lr();

                /// <summary>The rates as a function of the number of steps alone.</summary>
                protected virtual IEnumerable<double> get_closed_form_lr() => Rates();

                /// <summary>One step on.</summary>
                public virtual void step() => step(null);

                /// <summary>One step on, or to a given step.</summary>
                public virtual void step(int? epoch)
                {
                    _step_count++;
                    LastEpoch = epoch ?? LastEpoch + 1;
                    Set(epoch is null ? get_lr() : get_closed_form_lr());
                }

                /// <summary>One step on, or to a given step; these schedules do not look at the metric.</summary>
                public virtual void step(double current, int? epoch = null) => step(epoch);

                /// <summary>The rates as a function of <see cref="LastEpoch"/>.</summary>
                internal virtual IEnumerable<double> Rates() => BaseRates.Select(rate => rate * Factor(LastEpoch));

                /// <summary>What the base rates are multiplied by.</summary>
                internal virtual double Factor(int epoch) => 1;

                internal void Set(IEnumerable<double> rates)
                {
                    if (_optimizer is null) return;
                    LastRates = rates.ToList();
                    foreach (var (group, rate) in _optimizer.ParamGroups.Zip(LastRates))
                    {
                        group.LearningRate = rate;
                        if (_verbose) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Learning rate {rate} from step {LastEpoch} on"));
                    }
                }
            }

            /// <summary>The base rates times a function of the step.</summary>
            public static LRScheduler LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false) =>
                new FactorSchedule(optimizer, lr_lambda, last_epoch, verbose);

            /// <summary>The base rates times <paramref name="factor"/> for so many steps, then the base rates.</summary>
            public static LRScheduler ConstantLR(Optimizer optimizer, double factor = 0.3333333333333333, int total_iters = 5, int last_epoch = -1, bool verbose = false) =>
                new FactorSchedule(optimizer, step => step < total_iters ? factor : 1, last_epoch, verbose);

            /// <summary>The base rates, times <paramref name="gamma"/> after every <paramref name="step_size"/> steps.</summary>
            public static LRScheduler StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new FactorSchedule(optimizer, step => Math.Pow(gamma, step / step_size), last_epoch, verbose);

            /// <summary>From <paramref name="start_factor"/> to <paramref name="end_factor"/> times the base rates in equal steps.</summary>
            public static LRScheduler LinearLR(Optimizer optimizer, double start_factor = 0.3333333333333333, double end_factor = 1, int total_iters = 5, int last_epoch = -1, bool verbose = false) =>
                new FactorSchedule(optimizer, step => start_factor + (end_factor - start_factor) * Math.Min(step, total_iters) / total_iters, last_epoch, verbose);

            /// <summary>From the base rates down to <paramref name="eta_min"/> along half a cosine of <paramref name="T_max"/> steps (arXiv:1608.03983).</summary>
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false) =>
                new CosineSchedule(optimizer, T_max, eta_min, last_epoch, verbose);

            /// <summary>One schedule after the other; the k-th milestone is the step at which schedule k + 1 takes over and starts at its step 0.</summary>
            public static LRScheduler SequentialLR(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones, int last_epoch = -1) =>
                new SequentialSchedule(optimizer, schedulers.ToList(), milestones.ToList(), last_epoch);

            private sealed class FactorSchedule : LRScheduler
            {
                private readonly Func<int, double> _factor;

                public FactorSchedule(Optimizer optimizer, Func<int, double> factor, int lastEpoch, bool verbose) : base(optimizer, lastEpoch, verbose)
                {
                    _factor = factor;
                    step();
                }

                internal override double Factor(int epoch) => _factor(epoch);
            }

            private sealed class CosineSchedule : LRScheduler
            {
                private readonly double _length;
                private readonly double _lowest;

                public CosineSchedule(Optimizer optimizer, double length, double lowest, int lastEpoch, bool verbose) : base(optimizer, lastEpoch, verbose)
                {
                    _length = length;
                    _lowest = lowest;
                    step();
                }

                protected override IEnumerable<double> get_closed_form_lr() =>
                    BaseRates.Select(rate => _lowest + (rate - _lowest) * (1 + Math.Cos(Math.PI * LastEpoch / _length)) / 2);
            }

            private sealed class SequentialSchedule : LRScheduler
            {
                private readonly Optimizer _target;
                private readonly List<LRScheduler> _parts;
                private readonly List<int> _milestones;

                public SequentialSchedule(Optimizer optimizer, List<LRScheduler> parts, List<int> milestones, int lastEpoch)
                {
                    if (parts.Count == 0 || milestones.Count != parts.Count - 1)
                        throw new ArgumentException($"SequentialLR needs one milestone fewer than schedules; there are {milestones.Count} and {parts.Count}");
                    _target = optimizer;
                    _parts = parts;
                    _milestones = milestones;
                    LastEpoch = lastEpoch;
                    step();
                }

                public override void step(int? epoch)
                {
                    _step_count++;
                    LastEpoch = epoch ?? LastEpoch + 1;
                    var part = _milestones.Count(milestone => milestone <= LastEpoch);
                    _parts[part].step(part == 0 ? LastEpoch : LastEpoch - _milestones[part - 1]);
                    LastRates = _target.ParamGroups.Select(group => group.LearningRate).ToList();
                }
            }
        }
    }
}
