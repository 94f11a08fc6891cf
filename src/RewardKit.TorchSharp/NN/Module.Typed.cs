namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A module of one argument.</summary>
        public abstract class Module<T, TResult> : Module
        {
            /// <inheritdoc cref="nn.Module(string)"/>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>What the module computes; callers use <see cref="call"/>.</summary>
            public abstract TResult forward(T input);

            /// <summary>Applies the module.</summary>
            public TResult call(T input) => forward(input);
        }

        /// <summary>A module of two arguments.</summary>
        public abstract class Module<T1, T2, TResult> : Module
        {
            /// <inheritdoc cref="nn.Module(string)"/>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>What the module computes; callers use <see cref="call"/>.</summary>
            public abstract TResult forward(T1 input1, T2 input2);

            /// <summary>Applies the module.</summary>
            public TResult call(T1 input1, T2 input2) => forward(input1, input2);
        }

        /// <summary>A module of three arguments.</summary>
        public abstract class Module<T1, T2, T3, TResult> : Module
        {
            /// <inheritdoc cref="nn.Module(string)"/>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>What the module computes; callers use <see cref="call"/>.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3);

            /// <summary>Applies the module.</summary>
            public TResult call(T1 input1, T2 input2, T3 input3) => forward(input1, input2, input3);
        }
    }
}
