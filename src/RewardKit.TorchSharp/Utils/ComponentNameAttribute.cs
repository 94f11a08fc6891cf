namespace TorchSharp.Utils;

/// <summary>The name under which a module registers the field, in place of the field's own.</summary>
public class ComponentNameAttribute : Attribute
{
    /// <summary>The name.</summary>
    public string? Name { get; set; }
}
