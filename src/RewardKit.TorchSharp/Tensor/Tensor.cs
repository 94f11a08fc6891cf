using System.Runtime.CompilerServices;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// An array of numbers in libtorch. Belongs to the dispose scope that was innermost when it was made; without one,
    /// dispose it or leave it to the finalizer.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        // A native TensorImpl with one reference of ours; 0 once disposed.
        private nint _handle;

        internal Tensor(nint handle)
        {
            _handle = handle;
            DisposeScopeManager.Register(this);
            if (TensorTrace.On) TensorTrace.Made(this);
        }

        /// <summary>Frees a tensor that nobody disposed.</summary>
        ~Tensor() => Dispose(false);

        internal DisposeScope? OwningDisposeScope { get; set; }

        /// <summary>Where it stands in the list of its scope; negative once the scope has let go of it.</summary>
        internal int ScopeIndex { get; set; }

        /// <summary>The native tensor.</summary>
        /// <exception cref="ObjectDisposedException">It was disposed.</exception>
        public nint Handle => _handle != 0 ? _handle : throw Disposed();

        /// <summary>Whether it was disposed.</summary>
        public bool IsInvalid => _handle == 0;

        /// <summary>The native tensor, or 0 once disposed.</summary>
        internal nint HandleOrNone => _handle;

        /// <summary>A tensor over a handle that comes with a reference; null for the undefined tensor.</summary>
        internal static Tensor? Wrap(nint handle) => handle == 0 ? null : new Tensor(handle);

        /// <summary>A tensor over a handle that the shim returned; 0 means that it failed.</summary>
        internal static Tensor WrapOrThrow(nint handle, string doing) =>
            handle == 0 ? throw Native.Error(doing) : new Tensor(handle);

        /// <summary>
        /// Tensors over handles that each come with a reference, null for the undefined tensor. The handles are cleared as they
        /// are taken, and freed if it cannot be done.
        /// </summary>
        internal static Tensor?[] TakeAll(Span<nint> handles)
        {
            try
            {
                var tensors = new Tensor?[handles.Length];
                for (var k = 0; k < handles.Length; k++)
                {
                    var handle = handles[k];
                    handles[k] = 0;
                    tensors[k] = Wrap(handle);
                }
                return tensors;
            }
            catch
            {
                foreach (var handle in handles)
                {
                    if (handle != 0) Native.rk_tensor_free(handle);
                }
                throw;
            }
        }

        /// <summary>Stands for the undefined tensor where TorchSharp hands out one; nothing can be done with it.</summary>
        internal static Tensor Undefined()
        {
            var tensor = (Tensor)RuntimeHelpers.GetUninitializedObject(typeof(Tensor));
            GC.SuppressFinalize(tensor);
            return tensor;
        }

        /// <summary>Gives up the handle, for another tensor object to own; this one is then as if disposed.</summary>
        internal nint MoveHandle()
        {
            var handle = Handle;
            Forget();
            if (TensorTrace.On) TensorTrace.Gone(this, finalized: false);
            _handle = 0;
            GC.SuppressFinalize(this);
            return handle;
        }

        /// <summary>Puts another native tensor in place of this one's and frees the old.</summary>
        internal void ReplaceHandle(nint handle)
        {
            var old = Interlocked.Exchange(ref _handle, handle);
            if (old != 0) Native.rk_tensor_free(old);
        }

        /// <summary>Frees the native tensor and leaves the scope.</summary>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Frees the native tensor; <paramref name="disposing"/> is false in the finalizer.</summary>
        protected virtual void Dispose(bool disposing)
        {
            var handle = Interlocked.Exchange(ref _handle, 0);
            if (handle == 0) return;
            // In the finalizer the scope is garbage, too, and may belong to another thread.
            if (disposing) Forget();
            if (TensorTrace.On) TensorTrace.Gone(this, finalized: !disposing);
            Native.rk_tensor_free(handle);
        }

        /// <summary>Frees the native tensor, if nobody did before, for a scope that let go of it.</summary>
        internal void DisposeFromScope()
        {
            var handle = Interlocked.Exchange(ref _handle, 0);
            if (handle == 0) return;
            if (TensorTrace.On) TensorTrace.Gone(this, finalized: false);
            Native.rk_tensor_free(handle);
            GC.SuppressFinalize(this);
        }

        /// <summary>Takes it out of its scope; nothing disposes it any more.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        /// <summary>Hands it to the scope around its own.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Hands it to the scope of another tensor.</summary>
        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        /// <summary>Hands it to another scope.</summary>
        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is { } owner) owner.MoveToOther(other, this);
            else other?.Attach(this);
            return this;
        }

        private void Forget()
        {
            if (OwningDisposeScope is { } scope) scope.MarkAsDisposed(this);
            else DisposeScopeManager.DisposedOutside();
        }

        private static ObjectDisposedException Disposed() =>
            new(nameof(Tensor), "This tensor was disposed, by hand or with its dispose scope; move it to an outer scope to keep it.");
    }
}
