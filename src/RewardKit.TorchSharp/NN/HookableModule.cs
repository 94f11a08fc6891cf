using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A module of one argument.</summary>
        public interface IModule<T, TResult>
        {
            /// <summary>Applies the module with its hooks.</summary>
            TResult call(T input1);
        }

        /// <summary>A module of two arguments.</summary>
        public interface IModule<T1, T2, TResult>
        {
            /// <summary>Applies the module with its hooks.</summary>
            TResult call(T1 input1, T2 input2);
        }

        /// <summary>A module of three arguments.</summary>
        public interface IModule<T1, T2, T3, TResult>
        {
            /// <summary>Applies the module with its hooks.</summary>
            TResult call(T1 input1, T2 input2, T3 input3);
        }

        /// <summary>A module of four arguments.</summary>
        public interface IModule<T1, T2, T3, T4, TResult>
        {
            /// <summary>Applies the module with its hooks.</summary>
            TResult call(T1 input1, T2 input2, T3 input3, T4 input4);
        }

        /// <summary>A module of five arguments.</summary>
        public interface IModule<T1, T2, T3, T4, T5, TResult>
        {
            /// <summary>Applies the module with its hooks.</summary>
            TResult call(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5);
        }

        /// <summary>A module of six arguments.</summary>
        public interface IModule<T1, T2, T3, T4, T5, T6, TResult>
        {
            /// <summary>Applies the module with its hooks.</summary>
            TResult call(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5, T6 input6);
        }

        /// <summary>
        /// A module that calls functions of the user's before and after its own, in the order of their registration:
        /// <c>call</c> does, <c>forward</c> does not.
        /// </summary>
        public class HookableModule<TPreHook, TPostHook> : Module
        {
            /// <summary>Called before forward; may give other arguments.</summary>
            protected Dictionary<string, TPreHook> pre_hooks = [];

            /// <summary>Called after forward; may give another result.</summary>
            protected Dictionary<string, TPostHook> post_hooks = [];

            /// <summary>Called first of all.</summary>
            protected Dictionary<string, Action<Module>> module_pre_hooks = [];

            /// <summary>Called last of all.</summary>
            protected Dictionary<string, Action<Module>> module_post_hooks = [];

            private int _registered;

            /// <inheritdoc cref="nn.Module(string)"/>
            protected HookableModule(string name) : base(name)
            {
            }

            /// <summary>Calls the function after forward with the arguments and the result; what it returns, unless null, is the result.</summary>
            public HookRemover register_forward_hook(TPostHook hook) => Add(post_hooks, hook);

            /// <summary>Calls the function before forward with the arguments; what it returns, unless null, are the arguments.</summary>
            public HookRemover register_forward_pre_hook(TPreHook hook) => Add(pre_hooks, hook);

            /// <summary>Calls the function after forward.</summary>
            public HookRemover register_forward_hook(Action<Module> hook) => Add(module_post_hooks, hook);

            /// <summary>Calls the function before forward.</summary>
            public HookRemover register_forward_pre_hook(Action<Module> hook) => Add(module_pre_hooks, hook);

            private HookRemover Add<T>(Dictionary<string, T> hooks, T hook)
            {
                ArgumentNullException.ThrowIfNull(hook);
                var key = Numbers.Text(_registered++);
                hooks.Add(key, hook);
                return new HookRemover(this, key);
            }

            private void Remove(string key)
            {
                pre_hooks.Remove(key);
                post_hooks.Remove(key);
                module_pre_hooks.Remove(key);
                module_post_hooks.Remove(key);
            }

            /// <summary>Takes a hook away again.</summary>
            public class HookRemover(HookableModule<TPreHook, TPostHook> module, string key)
            {
                /// <summary>Takes the hook away.</summary>
                public void remove() => module.Remove(key);
            }
        }
    }
}
