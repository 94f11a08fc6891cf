namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Whether operations on it are recorded for the backward pass.</summary>
        public bool requires_grad
        {
            get => Kept(Native.rk_tensor_requires_grad(Handle)) != 0;
            set => Native.Check(Kept(Native.rk_tensor_set_requires_grad(Handle, value ? 1 : 0)), "setting requires_grad");
        }

        /// <summary>Sets <see cref="requires_grad"/> and returns this tensor.</summary>
        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        /// <summary>Whether it was made by the user rather than by a recorded operation.</summary>
        public bool is_leaf => Kept(Native.rk_tensor_is_leaf(Handle)) != 0;

        /// <summary>The gradient that backward passes have summed up, of this tensor's shape; a new object each time.</summary>
        public Tensor? grad
        {
            get => Wrap(Kept(Native.rk_tensor_grad(Handle)));
            set
            {
                Native.Check(Native.rk_tensor_set_grad(Handle, value?.Handle ?? 0), "setting grad");
                GC.KeepAlive(this);
                GC.KeepAlive(value);
            }
        }

        /// <summary>Makes the backward pass keep the gradient of this tensor although it is not a leaf.</summary>
        public void retain_grad() => Native.Check(Kept(Native.rk_tensor_retain_grad(Handle)), "retain_grad");

        /// <summary>Adds the gradients of this one-element tensor to its leaves.</summary>
        public void backward() => autograd.Backward([this], [], null, false, []);

        /// <summary>Adds the gradients of this tensor, weighted by <paramref name="grad_tensors"/>, to its leaves.</summary>
        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.Backward([this], grad_tensors ?? [], retain_graph ? true : null, create_graph, inputs ?? []);

        /// <summary>The same data, cut off from the recorded operations.</summary>
        public Tensor detach() => Ops.detach(this);

        /// <summary>Cuts this tensor off from the recorded operations.</summary>
        public Tensor detach_()
        {
            Ops.detach_(this);
            return this;
        }
    }
}
