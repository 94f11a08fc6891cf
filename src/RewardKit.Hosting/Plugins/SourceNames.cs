using System.Reflection;
using System.Runtime.CompilerServices;

namespace RewardKit.Hosting.Plugins;

/// <summary>Types and methods by the names that stand in the source, where compilers made others.</summary>
internal static class SourceNames
{
    private const string Constructor = "its constructor";
    private const string StaticInitialiser = "its static initialiser";

    /// <summary>The type that a reader knows: lambdas, iterators and async methods are types inside it.</summary>
    public static Type Of(Type type) =>
        type.DeclaringType is { } outer && type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) ? Of(outer) : type;

    /// <summary>The method, as <c>Compute</c>, <c>its constructor</c> or <c>its static initialiser</c>.</summary>
    public static string Of(MethodBase method)
    {
        if (method is ConstructorInfo) return method.IsStatic ? StaticInitialiser : Constructor;
        // <Compute>b__0, or MoveNext of <AugmentAsync>d__3.
        var generated = method.Name.StartsWith('<') ? method.Name : method.DeclaringType!.Name.StartsWith('<') ? method.DeclaringType.Name : null;
        var end = generated?.IndexOf('>') ?? -1;
        return end < 1 ? method.Name : generated![1..end] switch
        {
            ".ctor" => Constructor,
            ".cctor" => StaticInitialiser,
            var name => name,
        };
    }

    /// <summary>Type and method, for a sentence on its own: <c>Acme.Poller.Tick</c>, <c>code in the constructor of Acme.Poller</c>.</summary>
    public static string Full(MethodBase method)
    {
        var type = Of(method.DeclaringType!).FullName?.Replace('+', '.');
        return Of(method) switch
        {
            Constructor => $"code in the constructor of {type}",
            StaticInitialiser => $"code in the static initialiser of {type}",
            var name => $"{type}.{name}",
        };
    }
}
