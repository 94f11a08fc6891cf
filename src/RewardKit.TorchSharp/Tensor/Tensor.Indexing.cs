namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The part at one index of the first dimension; a view.</summary>
        public Tensor this[long i1] { get => Read([i1]); set => Write([i1], value); }

        /// <summary>The part at indices of the first dimensions; a view.</summary>
        public Tensor this[long i1, long i2] { get => Read([i1, i2]); set => Write([i1, i2], value); }

        /// <summary>The part at indices of the first dimensions; a view.</summary>
        public Tensor this[params long[] indices] { get => Read(indices); set => Write(indices, value); }

        /// <summary>The part at indices of the first dimensions; a view.</summary>
        public Tensor this[long i1, long i2, long i3] { get => Read([i1, i2, i3]); set => Write([i1, i2, i3], value); }

        /// <summary>The part at indices of the first dimensions; a view.</summary>
        public Tensor this[long i1, long i2, long i3, long i4] { get => Read([i1, i2, i3, i4]); set => Write([i1, i2, i3, i4], value); }

        /// <summary>The part at indices of the first dimensions; a view.</summary>
        public Tensor this[long i1, long i2, long i3, long i4, long i5]
        {
            get => Read([i1, i2, i3, i4, i5]);
            set => Write([i1, i2, i3, i4, i5], value);
        }

        /// <summary>The part at indices of the first dimensions; a view.</summary>
        public Tensor this[long i1, long i2, long i3, long i4, long i5, long i6]
        {
            get => Read([i1, i2, i3, i4, i5, i6]);
            set => Write([i1, i2, i3, i4, i5, i6], value);
        }

        /// <summary>The elements at indices given by tensors, one per dimension, or where a mask holds; a copy.</summary>
        public Tensor this[params Tensor[] indices] { get => index(indices); set => index_put_(value, indices); }

        /// <summary>The elements at indices, slices, tensors of indices or masks; a view where no tensor is among them.</summary>
        public Tensor this[params TensorIndex[] indices] { get => index(indices); set => index_put_(value, indices); }

        /// <summary>The elements at indices given by tensors, one per dimension, or where a mask holds; a copy.</summary>
        public Tensor index(params Tensor[] indices) => Ops.index_Tensor(this, indices);

        /// <summary>The elements at indices, slices, tensors of indices or masks; a view where no tensor is among them.</summary>
        public Tensor index(params TensorIndex[] indices)
        {
            var (view, tensors) = Narrowed(indices);
            if (tensors is null) return view;
            using (view) return Ops.index_Tensor(view, tensors);
        }

        /// <summary>Writes a number to the elements at indices given by tensors.</summary>
        public Tensor index_put_(Scalar value, params Tensor[] indices)
        {
            using var number = Number(value);
            return index_put_(number, indices, false);
        }

        /// <summary>Writes a number to the elements at indices, slices, tensors of indices or masks.</summary>
        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var number = Number(value);
            return index_put_(number, indices, false);
        }

        /// <summary>Writes values, broadcast, to the elements at indices given by tensors.</summary>
        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, false);

        /// <summary>Writes values, broadcast, to the elements at indices, slices, tensors of indices or masks.</summary>
        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        /// <summary>Writes or adds values, broadcast, at indices given by tensors; writing leaves the last of equal indices open.</summary>
        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false)
        {
            using var fitting = Fitting(value, this);
            Ops.index_put_(this, indices, fitting, accumulate);
            return this;
        }

        /// <summary>Writes or adds values, broadcast, at indices, slices, tensors of indices or masks.</summary>
        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            var (view, tensors) = Narrowed(indices);
            using (view)
            {
                using var fitting = Fitting(value, view);
                if (tensors is not null) Ops.index_put_(view, tensors, fitting, accumulate);
                else if (accumulate) Ops.add__Tensor(view, fitting);
                else Ops.copy_(view, fitting);
            }
            return this;
        }

        private Tensor Read(ReadOnlySpan<long> indices)
        {
            // Never this tensor itself, which the caller may dispose.
            var view = indices.Length == 0 ? Ops.alias(this) : Ops.select_int(this, 0, indices[0]);
            for (var k = 1; k < indices.Length; k++) Replace(ref view, Ops.select_int(view, 0, indices[k]));
            return view;
        }

        private void Write(ReadOnlySpan<long> indices, Tensor value)
        {
            using var view = Read(indices);
            using var fitting = Fitting(value, view);
            Ops.copy_(view, fitting);
        }

        private Tensor Number(Scalar value) => Ops.scalar_tensor(value, dtype, null, device);

        /// <summary>The values in the type and on the device of the target, without leading dimensions that it lacks.</summary>
        private static Tensor Fitting(Tensor value, Tensor target)
        {
            ArgumentNullException.ThrowIfNull(value);
            var fitting = value.to(target.dtype, target.device);
            while (fitting.ndim > target.ndim && fitting.size(0) == 1)
            {
                var smaller = Ops.select_int(fitting, 0, 0);
                fitting.Dispose();
                fitting = smaller;
            }
            return fitting;
        }

        /// <summary>Applies everything but tensors as views; the tensors are returned beside, each at its dimension.</summary>
        private (Tensor View, Tensor?[]? Tensors) Narrowed(TensorIndex[] indices)
        {
            var (wanted, ellipses) = (0, 0);
            foreach (var index in indices)
            {
                wanted += Consumed(index);
                if (index.Form == TensorIndex.Kind.Ellipsis) ellipses++;
            }
            if (wanted > ndim) throw new ArgumentException($"{wanted} indices are too many for a tensor of shape [{string.Join(", ", shape)}]");
            if (ellipses > 1) throw new ArgumentException("Only one index may be an ellipsis");
            // Until something narrows it, the view is this tensor itself, which is not ours to dispose.
            var view = this;
            List<Tensor?>? tensors = null;
            // libtorch's list has one entry per mask, whatever the number of dimensions that it covers.
            var (dim, covered) = (0, 0);
            foreach (var index in indices)
            {
                switch (index.Form)
                {
                    case TensorIndex.Kind.Colon:
                    case TensorIndex.Kind.Slice when index.IsWhole:
                        dim++;
                        break;
                    case TensorIndex.Kind.Single:
                        Replace(ref view, Ops.select_int(view, dim, index.Start!.Value));
                        break;
                    case TensorIndex.Kind.Slice:
                        if (index.Step is <= 0) throw new ArgumentException("The step of a slice must be positive");
                        Replace(ref view, Ops.slice_Tensor(view, dim++, index.Start, index.Stop, index.Step ?? 1));
                        break;
                    case TensorIndex.Kind.None:
                        Replace(ref view, Ops.unsqueeze(view, dim++));
                        break;
                    case TensorIndex.Kind.Bool:
                        Keep(ref view, dim++, index.Start == 1);
                        break;
                    case TensorIndex.Kind.Tensor when IsMask(index) && index.Indices!.ndim == 0:
                        Keep(ref view, dim++, index.Indices.SingleElement().ToLong() != 0);
                        break;
                    case TensorIndex.Kind.Ellipsis:
                        dim = (int)view.ndim - DimensionsAfterEllipsis(indices);
                        break;
                    default:
                        tensors ??= [];
                        for (; covered < dim; covered++) tensors.Add(null);
                        tensors.Add(index.Indices);
                        dim += Consumed(index);
                        covered = dim;
                        break;
                }
            }
            return (ReferenceEquals(view, this) ? Ops.alias(this) : view, tensors?.ToArray());
        }

        /// <summary>A new dimension that keeps everything or nothing.</summary>
        private void Keep(ref Tensor view, long dim, bool all)
        {
            Replace(ref view, Ops.unsqueeze(view, dim));
            Replace(ref view, Ops.slice_Tensor(view, dim, 0, all ? 1 : 0, 1));
        }

        private void Replace(ref Tensor view, Tensor next)
        {
            if (!ReferenceEquals(view, this)) view.Dispose();
            view = next;
        }

        /// <summary>A mask covers as many dimensions as it has; everything else one, or none.</summary>
        private static int Consumed(TensorIndex index) => index.Form switch
        {
            TensorIndex.Kind.Tensor => IsMask(index) ? (int)index.Indices!.ndim : 1,
            TensorIndex.Kind.None or TensorIndex.Kind.Bool or TensorIndex.Kind.Ellipsis => 0,
            _ => 1,
        };

        private static int DimensionsAfterEllipsis(TensorIndex[] indices)
        {
            var after = 0;
            var seen = false;
            foreach (var index in indices)
            {
                if (seen) after += Consumed(index);
                else seen = index.Form == TensorIndex.Kind.Ellipsis;
            }
            return after;
        }

        private static bool IsMask(TensorIndex index) => index.Indices!.dtype is ScalarType.Bool or ScalarType.Byte;
    }
}
