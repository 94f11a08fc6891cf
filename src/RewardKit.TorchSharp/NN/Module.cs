using System.Collections;
using System.Reflection;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Networks: modules, their functions, and what trains them.</summary>
    public static partial class nn
    {
        /// <summary>
        /// A part of a network: parameters, buffers and further modules, each under a name. A derived class puts them in
        /// fields and calls <see cref="RegisterComponents"/> at the end of its constructor. What is registered leaves its
        /// dispose scope and lives as long as the module.
        /// </summary>
        public partial class Module : IDisposable
        {
            /// <summary>The parameters by name.</summary>
            protected OrderedDict<string, Parameter> _internal_params = [];

            /// <summary>The buffers by name, and whether the state dictionary has them.</summary>
            protected OrderedDict<string, (Tensor, bool)> _internal_buffers = [];

            /// <summary>The modules directly below this one by name.</summary>
            protected OrderedDict<string, Module> _internal_submodules = [];

            private bool _training = true;
            private bool _registered;

            /// <summary>The name given to the constructor.</summary>
            protected string? name;

            /// <summary>A module without components; <paramref name="name"/> serves messages only.</summary>
            protected Module(string name) => this.name = name;

            /// <summary>Whether dropout and the like are active.</summary>
            public virtual bool training => _training;

            /// <summary>The name given to the constructor.</summary>
            public virtual string GetName() => name ?? GetType().Name;

            /// <summary>Registers all modules, parameters and other tensors (as buffers) among the fields, under the fields' names.</summary>
            protected virtual void RegisterComponents()
            {
                if (_registered) return;
                _registered = true;
                foreach (var field in ComponentFields(GetType()))
                {
                    var component = field.GetCustomAttribute<ComponentNameAttribute>()?.Name ?? field.Name;
                    if (_internal_submodules.ContainsKey(component) || _internal_params.ContainsKey(component) || _internal_buffers.ContainsKey(component)) continue;
                    switch (field.GetValue(this))
                    {
                        case Module module: register_module(component, module); break;
                        case Parameter parameter: register_parameter(component, parameter); break;
                        case Tensor tensor: register_buffer(component, tensor); break;
                    }
                }
            }

            /// <summary>Adds a trainable tensor.</summary>
            public virtual void register_parameter(string name, Parameter param)
            {
                ArgumentNullException.ThrowIfNull(param);
                if (!_internal_params.TryAdd(name, param)) throw AlreadyThere(name);
                param.DetachFromDisposeScope();
            }

            /// <summary>Adds a tensor that moves with the module but is not trained; the state dictionary has it if it is persistent.</summary>
            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                ArgumentNullException.ThrowIfNull(tensor);
                if (!_internal_buffers.TryAdd(name, (tensor, persistent))) throw AlreadyThere(name);
                tensor.DetachFromDisposeScope();
            }

            /// <summary>Adds a module.</summary>
            public virtual void register_module(string name, Module submodule)
            {
                ArgumentNullException.ThrowIfNull(submodule);
                if (name.Contains('.')) throw new ArgumentException($"The name of a module must not contain a dot: '{name}'", nameof(name));
                submodule.RegisterComponents();
                if (!_internal_submodules.TryAdd(name, submodule)) throw AlreadyThere(name);
            }

            /// <summary>Adds a module.</summary>
            public void add_module(string name, Module module) => register_module(name, module);

            /// <summary>Registers the parameter in place of one of that name; null removes it.</summary>
            protected void ConditionallyRegisterParameter(string name, Parameter? value)
            {
                _internal_params.Remove(name);
                if (value is not null) register_parameter(name, value);
            }

            /// <summary>Registers the parameter in place of one of that name; a tensor that is none removes it.</summary>
            protected void ConditionallyRegisterParameter(string name, Tensor value) => ConditionallyRegisterParameter(name, value as Parameter);

            /// <summary>Registers the buffer in place of one of that name; null removes it.</summary>
            protected void ConditionallyRegisterBuffer(string name, Tensor? value, bool persistent = true)
            {
                _internal_buffers.Remove(name);
                if (value is not null) register_buffer(name, value, persistent);
            }

            /// <summary>Forgets all modules.</summary>
            protected void ClearModules() => _internal_submodules.clear();

            /// <summary>The parameters by their path, such as <c>layers.0.weight</c>; a shared one stands under its first path only.</summary>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
                Distinct(AllParameters(recurse), entry => entry.parameter);

            /// <summary>The parameters.</summary>
            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(entry => entry.parameter);

            /// <summary>The buffers by their path.</summary>
            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true) =>
                Distinct(AllBuffers(recurse, include_nonpersistent), entry => entry.buffer);

            /// <summary>The buffers.</summary>
            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(entry => entry.buffer);

            /// <summary>The modules directly below this one, by name.</summary>
            public virtual IEnumerable<(string name, Module module)> named_children() => _internal_submodules.Entries.Select(entry => (entry.Key, entry.Value));

            /// <summary>The modules directly below this one.</summary>
            public virtual IEnumerable<Module> children() => _internal_submodules.Values;

            /// <summary>All modules below this one, by path.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules() =>
                Distinct(AllModules(), entry => entry.module);

            /// <summary>All modules below this one.</summary>
            public virtual IEnumerable<Module> modules() => named_modules().Select(entry => entry.module);

            /// <summary>Whether it has a parameter at this path.</summary>
            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            /// <summary>Whether it has a buffer at this path.</summary>
            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            /// <summary>The parameter at this path, or null.</summary>
            public virtual Parameter? get_parameter(string target) =>
                Owner(target, out var last) is { } owner && owner._internal_params.TryGetValue(last, out var found) ? found : null;

            /// <summary>The buffer at this path, or null.</summary>
            public virtual Tensor? get_buffer(string target) =>
                Owner(target, out var last) is { } owner && owner._internal_buffers.TryGetValue(last, out var found) ? found.Item1 : null;

            /// <summary>Calls a function on every module below this one, children first, and then on this one.</summary>
            public virtual Module apply(Action<Module> fn)
            {
                foreach (var child in children()) child.apply(fn);
                fn(this);
                return this;
            }

            /// <summary>Switches dropout and the like on or off, here and below.</summary>
            public virtual void train(bool train = true)
            {
                _training = train;
                foreach (var child in children()) child.train(train);
            }

            /// <summary>Switches dropout and the like off, here and below.</summary>
            public virtual void eval() => train(false);

            /// <summary>Frees the gradients, or sets them to zero.</summary>
            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var parameter in parameters())
                {
                    using var gradient = parameter.grad;
                    if (gradient is null) continue;
                    if (set_to_none) parameter.grad = null;
                    else gradient.zero_();
                }
            }

            /// <summary>Disposes parameters, buffers and the modules below.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Disposes parameters, buffers and the modules below; tensors free themselves where nobody does.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (!disposing) return;
                foreach (var parameter in _internal_params.Values) parameter.Dispose();
                foreach (var (tensor, _) in _internal_buffers.Values) tensor.Dispose();
                foreach (var module in _internal_submodules.Values) module.Dispose();
            }

            private IEnumerable<(string name, Parameter parameter)> AllParameters(bool recurse) =>
                _internal_params.Entries.Select(entry => (entry.Key, entry.Value)).Concat(recurse ? Below(module => module.AllParameters(true)) : []);

            private IEnumerable<(string name, Tensor buffer)> AllBuffers(bool recurse, bool includeNonpersistent) =>
                _internal_buffers.Entries.Where(entry => includeNonpersistent || entry.Value.Item2).Select(entry => (entry.Key, entry.Value.Item1))
                    .Concat(recurse ? Below(module => module.AllBuffers(true, includeNonpersistent)) : []);

            private IEnumerable<(string name, Module module)> AllModules() => named_children().Concat(Below(module => module.AllModules()));

            private IEnumerable<(string, T)> Below<T>(Func<Module, IEnumerable<(string, T)>> items) =>
                _internal_submodules.Entries.SelectMany(child => items(child.Value).Select(item => ($"{child.Key}.{item.Item1}", item.Item2)));

            private static IEnumerable<T> Distinct<T>(IEnumerable<T> entries, Func<T, object> item)
            {
                var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
                return entries.Where(entry => seen.Add(item(entry))).ToList();
            }

            /// <summary>The module that owns the last part of a path.</summary>
            private Module? Owner(string path, out string last)
            {
                var parts = path.Split('.');
                last = parts[^1];
                Module? module = this;
                foreach (var part in parts[..^1])
                    module = module is not null && module._internal_submodules.TryGetValue(part, out var next) ? next : null;
                return module;
            }

            /// <summary>Fields of the classes derived from this one, those of base classes first.</summary>
            private static IEnumerable<FieldInfo> ComponentFields(Type type) =>
                type == typeof(Module) || type.BaseType is null
                    ? []
                    : ComponentFields(type.BaseType).Concat(type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic |
                        BindingFlags.DeclaredOnly).OrderBy(field => field.MetadataToken));

            private InvalidOperationException AlreadyThere(string component) =>
                new($"The module {GetName()} already has a component '{component}'");
        }
    }
}
