using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Plugins;

/// <summary>
/// One generation of a plugin folder: its assembly in its own load context, and what was made from it. After
/// <see cref="Dispose"/> the context goes as soon as nobody holds an object of the plugin. Nothing here may put a plugin
/// type into a cache that outlives it: System.Text.Json, TypeDescriptor and DataAnnotations' Validator all would.
/// </summary>
internal sealed class LoadedPlugin : IDisposable
{
    private readonly PluginManifest _manifest;
    private readonly IServiceProvider _services;
    private readonly Unloads _unloads;
    private readonly Action<string> _warn;
    private readonly PluginLoadContext _context;
    private readonly Assembly _assembly;
    private readonly List<IDisposable> _made = [];
    private readonly Lazy<string> _contentHash;

    private const string OtherContract = "Rebuild the plugin, or install a version of it for this RewardKit.";

    /// <summary>Loads a plugin folder.</summary>
    /// <param name="manifest">The folder's manifest.</param>
    /// <param name="services">The host's services, for the plugins' constructors.</param>
    /// <param name="unloads">Sees to it that the context goes in the end.</param>
    /// <param name="warn">Told what goes wrong when nothing can be done about it any more.</param>
    /// <exception cref="RewardKitException">The assembly is missing, changed, not loadable, or lacks a dependency.</exception>
    public LoadedPlugin(PluginManifest manifest, IServiceProvider services, Unloads unloads, Action<string> warn)
    {
        (_manifest, _services, _unloads, _warn) = (manifest, services, unloads, warn);
        if (!File.Exists(Path.Combine(manifest.Files, manifest.Assembly)))
            throw Input($"{manifest.Assembly} is missing. Rebuild the plugin, or copy its whole output folder.");
        _context = new(manifest);
        // Everything it may load or read, native libraries and data below it among them; not what only describes it.
        _contentHash = new(() => new FileHashes().Of(_context.Copy, Directory.EnumerateFiles(_context.Copy, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is not (".pdb" or ".xml") && Path.GetFileName(f) != PluginManifest.FileName)));
        try
        {
            CheckHash();
            _assembly = _context.LoadFromAssemblyPath(_context.AssemblyFile);
            CheckDependencies();
            CheckShared();
        }
        catch (BadImageFormatException e)
        {
            Dispose();
            throw Input($"{manifest.Assembly} is not a .NET assembly, or is damaged. Rebuild the plugin, or copy it again.", e);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A hash of what was loaded: another build, another hash, and this one whatever a build writes meanwhile.</summary>
    public string ContentHash => _contentHash.Value;

    /// <summary>Makes one plugin.</summary>
    /// <typeparam name="T">Its contract.</typeparam>
    /// <param name="description">Which one.</param>
    /// <param name="use">The options that the script sets; checked already.</param>
    /// <exception cref="RewardKitException">
    /// The class is not there or is no <typeparamref name="T"/>, an option is refused, or the constructor fails.
    /// </exception>
    public T Create<T>(PluginDescription description, PluginUse use) where T : class
    {
        var values = OptionCheck.Check(description, use);
        try
        {
            var type = FindType(description.Type);
            if (!type.IsAssignableTo(typeof(T)))
                throw Input($"{description.Type} is no {typeof(T).Name}. Rebuild the plugin.");
            object[] options = description.OptionsType is { } record ? [BindOptions(FindType(record), description, values)] : [];
            var plugin = (T)ActivatorUtilities.CreateInstance(_services, type, options);
            if (plugin is IDisposable disposable)
                _made.Add(disposable);
            return plugin;
        }
        catch (FileNotFoundException e) when (e.FileName?.Contains(", Version=", StringComparison.Ordinal) == true)
        {
            // An assembly is missing, not a data file that the constructor looked for.
            throw MissingDependency(new AssemblyName(e.FileName), e);
        }
        catch (InvalidOperationException e) when (e.Source == typeof(ActivatorUtilities).Assembly.GetName().Name)
        {
            throw Input($"the {description.Label} asks for a service that the host does not offer: {e.Message}", e);
        }
        catch (Exception e) when (e is not RewardKitException)
        {
            var what = PluginFault.IsPlugins(e) ? "" : $"the {description.Label} could not be made: ";
            throw RewardKitException.Failure($"Plugin folder {_manifest.Folder}: {what}{PluginFault.Describe(e)}", e);
        }
    }

    /// <summary>Disposes what was made and starts to unload.</summary>
    public void Dispose()
    {
        foreach (var made in _made)
            Clean(made);
        _made.Clear();
        _unloads.Begin(_context);
        try
        {
            Directory.Delete(_context.Copy, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Windows keeps loaded files until the context is gone; the system clears its temporary folder.
        }
    }

    // The work is done, and the other plugins must go, too.
    private void Clean(IDisposable made)
    {
        try
        {
            made.Dispose();
        }
        catch (Exception e)
        {
            var who = PluginFault.IsPlugins(e) ? "" : $"{made.GetType().FullName}.Dispose failed: ";
            _warn($"Plugin folder {_manifest.Folder}: {who}{PluginFault.Describe(e)}");
        }
    }

    private void CheckHash()
    {
        // The copy is hashed, so that what was checked is what is loaded.
        var found = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_context.AssemblyFile)));
        if (found != _manifest.Sha256)
            throw Input($"{_manifest.Assembly} has changed since its manifest was written: its SHA-256 begins with {found[..12]}, "
                + $"the manifest says {_manifest.Sha256[..Math.Min(12, _manifest.Sha256.Length)]}. Rebuild the plugin, or copy its whole output folder again.");
    }

    private void CheckDependencies()
    {
        foreach (var reference in _assembly.GetReferencedAssemblies())
        {
            try
            {
                _context.LoadFromAssemblyName(reference);
            }
            catch (FileNotFoundException e)
            {
                throw MissingDependency(reference, e);
            }
        }
    }

    // What the plugin uses of the host, and what the host asks of the plugin: both must be there before it is called.
    private void CheckShared()
    {
        foreach (var plugin in _manifest.Plugins) FindType(plugin.Type);
        if (SharedMembers.FirstMissing(_assembly, _context.IsShared) is ({ } member, { } compiled))
        {
            var here = _context.LoadFromAssemblyName(compiled).GetName();
            throw Input($"{_manifest.Assembly} uses {member}, which this host does not have, or not in that form. It was compiled "
                + $"against {compiled.Name} {compiled.Version}; here is {here.Version}. {OtherContract}");
        }
    }

    private Type FindType(string name)
    {
        try
        {
            return _assembly.GetType(name)
                ?? throw Input($"{_manifest.Assembly} has no type {name}, which its manifest names. Rebuild the plugin.");
        }
        catch (TypeLoadException e)
        {
            // Says what the type lacks, a method of its interface for one.
            throw Input($"{name} cannot be loaded: {e.Message} {OtherContract}", e);
        }
    }

    private static object BindOptions(Type record, PluginDescription plugin, IEnumerable<(OptionDescription Option, object? Value)> values)
    {
        var options = Activator.CreateInstance(record)!;
        foreach (var (option, value) in values)
        {
            var property = record.GetProperty(option.Property)!;
            var converted = option.Type == OptionType.Enum && value is string choice
                ? Enum.Parse(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, choice.Replace("-", ""), ignoreCase: true)
                : value;
            // The manifest knows ranges and choices; a custom attribute is known only here.
            var context = new ValidationContext(options) { MemberName = option.Property, DisplayName = option.Name };
            foreach (var attribute in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (attribute.GetValidationResult(converted, context) is { } failure)
                    throw RewardKitException.Input(
                        $"The {plugin.Label}: option \"{option.Name}\" is {OptionCheck.Show(value)}: {failure.ErrorMessage}");
            }
            property.SetValue(options, converted);
        }
        return options;
    }

    private RewardKitException MissingDependency(AssemblyName name, Exception inner) => Input(
        $"{_manifest.Assembly} needs {name.Name} {name.Version}, which is neither in its folder nor in the host. Rebuild the plugin, "
        + "or copy its whole output folder.", inner);

    private RewardKitException Input(string message, Exception? inner = null) =>
        RewardKitException.Input($"Plugin folder {_manifest.Folder}: {message}", inner);
}
