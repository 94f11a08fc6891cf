using System.Collections;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Modules one after the other, named by their position.</summary>
            public static Sequential Sequential() => new([]);

            /// <summary>Modules one after the other, named by their position.</summary>
            public static Sequential Sequential(params nn.Module<Tensor, Tensor>[] modules) => Sequential(modules.AsEnumerable());

            /// <summary>Modules one after the other, named by their position.</summary>
            public static Sequential Sequential(IEnumerable<nn.Module<Tensor, Tensor>> modules) =>
                new(modules.Select((module, index) => (Numbers.Text(index), module)));

            /// <summary>Modules one after the other.</summary>
            public static Sequential Sequential(params (string name, nn.Module<Tensor, Tensor> submodule)[] modules) => new(modules);

            /// <summary>Modules one after the other.</summary>
            public static Sequential Sequential(IEnumerable<(string name, nn.Module<Tensor, Tensor> submodule)> modules) => new(modules);

            /// <summary>Modules one after the other.</summary>
            public static Sequential Sequential(params Tuple<string, nn.Module<Tensor, Tensor>>[] modules) => Sequential(modules.AsEnumerable());

            /// <summary>Modules one after the other.</summary>
            public static Sequential Sequential(IEnumerable<Tuple<string, nn.Module<Tensor, Tensor>>> modules) =>
                new(modules.Select(entry => (entry.Item1, entry.Item2)));

            /// <summary>A list of modules, named by their position.</summary>
            public static ModuleList<nn.Module> ModuleList(params nn.Module[] modules) => new(modules);

            /// <summary>A list of modules, named by their position.</summary>
            public static ModuleList<T> ModuleList<T>(params T[] modules) where T : nn.Module => new(modules);

            /// <summary>Modules by name.</summary>
            public static ModuleDict<nn.Module> ModuleDict(params (string, nn.Module)[] modules) => ModuleDict<nn.Module>(modules);

            /// <summary>Modules by name.</summary>
            public static ModuleDict<T> ModuleDict<T>(params (string, T)[] modules) where T : nn.Module
            {
                var dictionary = new ModuleDict<T>();
                foreach (var module in modules) dictionary.Add(module);
                return dictionary;
            }
        }
    }

    internal static class Numbers
    {
        public static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Modules one after the other: the result of each is the input of the next.</summary>
    public sealed class Sequential : nn.Module<Tensor, Tensor>
    {
        private readonly List<nn.Module<Tensor, Tensor>> _inOrder = [];

        internal Sequential(IEnumerable<(string name, nn.Module<Tensor, Tensor> module)> modules) : base(nameof(Sequential))
        {
            foreach (var (name, module) in modules)
            {
                register_module(name, module);
                _inOrder.Add(module);
            }
        }

        /// <summary>What the last module makes of it.</summary>
        public override Tensor forward(Tensor tensor)
        {
            if (_inOrder.Count == 0) return tensor.alias();
            using var scope = NewDisposeScope();
            var value = tensor;
            foreach (var module in _inOrder) value = module.call(value);
            return value.MoveToOuterDisposeScope();
        }
    }

    /// <summary>A list whose modules belong to the module that has the list.</summary>
    public class ModuleList<T> : nn.Module, IList<T> where T : nn.Module
    {
        private readonly List<T> _list;

        /// <summary>A list of these.</summary>
        public ModuleList(params T[] modules) : base(nameof(ModuleList<T>))
        {
            _list = [.. modules];
            Name();
        }

        /// <summary>The module at a position.</summary>
        public T this[int index]
        {
            get => _list[index];
            set => Change(() => _list[index] = value);
        }

        /// <summary>How many there are.</summary>
        public int Count => _list.Count;

        /// <summary>False.</summary>
        public bool IsReadOnly => false;

        /// <summary>Adds a module at the end.</summary>
        public void Add(T item) => Change(() => _list.Add(item));

        /// <summary>Adds modules at the end.</summary>
        public void append(params T[] parameters) => extend(parameters);

        /// <summary>Adds modules at the end.</summary>
        public void extend(IEnumerable<T> modules) => Change(() => _list.AddRange(modules));

        /// <summary>Removes all modules without disposing them.</summary>
        public void Clear() => Change(_list.Clear);

        /// <summary>Whether the module is in the list.</summary>
        public bool Contains(T item) => _list.Contains(item);

        /// <summary>Copies the list.</summary>
        public void CopyTo(T[] array, int arrayIndex) => _list.CopyTo(array, arrayIndex);

        /// <summary>The modules in order.</summary>
        public IEnumerator<T> GetEnumerator() => _list.GetEnumerator();

        /// <summary>The position of a module, or -1.</summary>
        public int IndexOf(T item) => _list.IndexOf(item);

        /// <summary>Adds a module at a position.</summary>
        public void Insert(int index, T item) => Change(() => _list.Insert(index, item));

        /// <summary>Removes a module without disposing it.</summary>
        public bool Remove(T item)
        {
            var removed = _list.Remove(item);
            Name();
            return removed;
        }

        /// <summary>Removes the module at a position without disposing it.</summary>
        public void RemoveAt(int index) => Change(() => _list.RemoveAt(index));

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        /// <summary>The modules are registered as the list changes, not found among the fields.</summary>
        protected override void RegisterComponents()
        {
        }

        private void Change(Action change)
        {
            change();
            Name();
        }

        private void Name()
        {
            ClearModules();
            for (var k = 0; k < _list.Count; k++) register_module(Numbers.Text(k), _list[k]);
        }
    }
}
