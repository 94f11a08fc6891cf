using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace RewardKit.Hosting.Plugins;

/// <summary>
/// Finds what a plugin was compiled against and the host's assemblies do not have. The runtime would tell only when the
/// method that uses it is first called, in the middle of a run, and would not say which plugin it was.
/// </summary>
internal static class SharedMembers
{
    /// <summary>The first missing type or member, with the assembly it was compiled against; null where nothing is missing.</summary>
    /// <param name="assembly">The plugin's assembly, loaded.</param>
    /// <param name="isShared">Which references the host answers, by assembly name.</param>
    public static (string Member, AssemblyName Compiled)? FirstMissing(Assembly assembly, Func<string, bool> isShared)
    {
        using var image = new PEReader(File.OpenRead(assembly.Location));
        var metadata = image.GetMetadataReader();
        var module = assembly.ManifestModule;
        foreach (var handle in metadata.TypeReferences)
        {
            if (Shared(handle) is { } compiled && !Resolves(() => module.ResolveType(MetadataTokens.GetToken(handle))))
                return (NameOf(handle), compiled);
        }
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference && Shared((TypeReferenceHandle)member.Parent) is { } compiled
                && !Resolves(() => module.ResolveMember(MetadataTokens.GetToken(handle))))
                return ($"{NameOf((TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}", compiled);
        }
        return null;

        AssemblyName? Shared(TypeReferenceHandle handle)
        {
            var scope = metadata.GetTypeReference(handle).ResolutionScope;
            while (scope.Kind == HandleKind.TypeReference) scope = metadata.GetTypeReference((TypeReferenceHandle)scope).ResolutionScope;
            if (scope.Kind != HandleKind.AssemblyReference) return null;
            var name = metadata.GetAssemblyReference((AssemblyReferenceHandle)scope).GetAssemblyName();
            return isShared(name.Name!) ? name : null;
        }

        string NameOf(TypeReferenceHandle handle)
        {
            var type = metadata.GetTypeReference(handle);
            var name = metadata.GetString(type.Name);
            return type.ResolutionScope.Kind == HandleKind.TypeReference ? $"{NameOf((TypeReferenceHandle)type.ResolutionScope)}.{name}"
                : type.Namespace.IsNil ? name : $"{metadata.GetString(type.Namespace)}.{name}";
        }
    }

    private static bool Resolves(Action resolve)
    {
        try
        {
            resolve();
            return true;
        }
        catch (Exception e) when (e is TypeLoadException or MissingMemberException)
        {
            return false;
        }
    }
}
