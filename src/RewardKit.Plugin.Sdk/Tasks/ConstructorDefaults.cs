using System.Buffers.Binary;
using System.Globalization;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace RewardKit.Plugin.Sdk.Tasks;

/// <summary>
/// Reads the default values of an options record from its constructor, without running it: an initialiser with a
/// constant compiles to "load this, load the constant, store the field" (F# takes detours through locals). Everything else
/// counts as not constant.
/// </summary>
internal static class ConstructorDefaults
{
    /// <summary>Stands for a value that is no constant.</summary>
    public static readonly object NotConstant = new();

    private static readonly object This = new();

    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => (int)(ushort)code.Value);

    /// <summary>
    /// The last value stored into each field, by field name: int, long, float, double, string, null or
    /// <see cref="NotConstant"/>. Null as a whole if the constructor leaves work to other members of its type.
    /// </summary>
    public static Dictionary<string, object?>? Read(PEReader image, int constructorToken)
    {
        var metadata = image.GetMetadataReader();
        var constructor = metadata.GetMethodDefinition((MethodDefinitionHandle)MetadataTokens.EntityHandle(constructorToken));
        var il = image.GetMethodBody(constructor.RelativeVirtualAddress).GetILContent().AsSpan();
        var fields = new Dictionary<string, object?>();
        var stack = new Stack<object?>();
        var locals = new Dictionary<int, object?>();
        while (il.Length > 0)
        {
            var code = OpCodesByValue[il[0] == 0xFE ? 0xFE00 | il[1] : il[0]];
            var operand = il[code.Size..];
            il = operand[OperandSize(code, operand)..];
            if (code == OpCodes.Ldarg_0)
            {
                stack.Push(This);
            }
            else if (LocalIndex(code, operand, "stloc") is { } stored)
            {
                locals[stored] = stack.TryPop(out var value) ? value : NotConstant;
            }
            else if (LocalIndex(code, operand, "ldloc") is { } loaded)
            {
                stack.Push(locals.GetValueOrDefault(loaded, NotConstant));
            }
            else if (LocalIndex(code, operand, "ldloca") is { } addressed)
            {
                stack.Push(new LocalAddress(addressed));
            }
            else if (code == OpCodes.Initobj)
            {
                // `default`: of a local (F#: Nullable()), or of a field of `this`, which is zero anyway.
                if (stack.TryPop(out var target) && target is LocalAddress local)
                    locals[local.Index] = null;
                else
                    stack.Clear();
            }
            else if (Constant(code, operand, metadata) is { } constant)
            {
                stack.Push(constant.Value);
            }
            else if (code == OpCodes.Conv_R8 && stack.TryPop(out var number))
            {
                stack.Push(number is int or long or float or double ? Convert.ToDouble(number) : NotConstant);
            }
            else if (code == OpCodes.Stfld)
            {
                // Just "this, value" on the stack: anything more came from code that this reader does not follow.
                var value = stack.Count == 2 ? stack.Pop() : NotConstant;
                fields[FieldName(metadata, Token(operand))] = stack.TryPop(out var target) && target == This ? value : NotConstant;
                stack.Clear();
            }
            else if (code == OpCodes.Pop)
            {
                stack.TryPop(out _);
            }
            else if (IsCall(code) && IsOwnMethod(metadata, Token(operand), constructor.GetDeclaringType()))
            {
                return null;
            }
            else if (IsCall(code))
            {
                // The base constructor takes `this` alone; any other call leaves a value that is no constant.
                if (stack.Count == 1)
                    stack.Clear();
                else
                    stack.Push(NotConstant);
            }
            else if (code != OpCodes.Nop && !(code == OpCodes.Newobj && IsNullable(metadata, Token(operand))))
            {
                stack.Push(NotConstant);
            }
        }
        return fields;
    }

    private sealed record LocalAddress(int Index);

    /// <summary>The local that <c>stloc.2</c>, <c>stloc.s 7</c> and so on mean; null for another instruction.</summary>
    private static int? LocalIndex(OpCode code, ReadOnlySpan<byte> operand, string instruction)
    {
        var name = code.Name!.Split('.');
        if (name[0] != instruction)
            return null;
        if (code.OperandType == OperandType.InlineNone)
            return int.Parse(name[1], CultureInfo.InvariantCulture);
        return code.OperandType == OperandType.ShortInlineVar ? operand[0] : BinaryPrimitives.ReadUInt16LittleEndian(operand);
    }

    private sealed record Loaded(object? Value);

    private static Loaded? Constant(OpCode code, ReadOnlySpan<byte> operand, MetadataReader metadata)
    {
        if (code == OpCodes.Ldc_I4_M1)
            return new(-1);
        if (code.Value >= OpCodes.Ldc_I4_0.Value && code.Value <= OpCodes.Ldc_I4_8.Value)
            return new(code.Value - OpCodes.Ldc_I4_0.Value);
        if (code == OpCodes.Ldc_I4_S)
            return new((int)(sbyte)operand[0]);
        if (code == OpCodes.Ldc_I4)
            return new(BinaryPrimitives.ReadInt32LittleEndian(operand));
        if (code == OpCodes.Ldc_I8)
            return new(BinaryPrimitives.ReadInt64LittleEndian(operand));
        if (code == OpCodes.Ldc_R4)
            return new(BinaryPrimitives.ReadSingleLittleEndian(operand));
        if (code == OpCodes.Ldc_R8)
            return new(BinaryPrimitives.ReadDoubleLittleEndian(operand));
        if (code == OpCodes.Ldstr)
            return new(metadata.GetUserString(MetadataTokens.UserStringHandle(Token(operand) & 0xFFFFFF)));
        return code == OpCodes.Ldnull ? new(null) : null;
    }

    /// <summary>F# calls even a base constructor with <c>callvirt</c>.</summary>
    private static bool IsCall(OpCode code) => code == OpCodes.Call || code == OpCodes.Callvirt;

    private static int Token(ReadOnlySpan<byte> operand) => BinaryPrimitives.ReadInt32LittleEndian(operand);

    private static int OperandSize(OpCode code, ReadOnlySpan<byte> operand) => code.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + 4 * Token(operand),
        _ => 4,
    };

    private static string FieldName(MetadataReader metadata, int token) => MetadataTokens.EntityHandle(token) switch
    {
        { Kind: HandleKind.FieldDefinition } h => metadata.GetString(metadata.GetFieldDefinition((FieldDefinitionHandle)h).Name),
        var h => metadata.GetString(metadata.GetMemberReference((MemberReferenceHandle)h).Name),
    };

    private static bool IsOwnMethod(MetadataReader metadata, int token, TypeDefinitionHandle type) =>
        MetadataTokens.EntityHandle(token) is { Kind: HandleKind.MethodDefinition } handle
        && metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType() == type;

    /// <summary>Whether a constructor is <c>Nullable&lt;T&gt;(T)</c>, which keeps its argument's value.</summary>
    private static bool IsNullable(MetadataReader metadata, int token)
    {
        if (MetadataTokens.EntityHandle(token) is not { Kind: HandleKind.MemberReference } handle
            || metadata.GetMemberReference((MemberReferenceHandle)handle).Parent is not { Kind: HandleKind.TypeSpecification } parent)
            return false;
        var signature = metadata.GetBlobReader(metadata.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
        // ECMA-335 II.23.2.12: GENERICINST VALUETYPE token.
        return signature.ReadSignatureTypeCode() == SignatureTypeCode.GenericTypeInstance
            && signature.ReadByte() == (byte)SignatureTypeKind.ValueType
            && signature.ReadTypeHandle() is { Kind: HandleKind.TypeReference } generic
            && metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)generic).Name) == "Nullable`1";
    }
}
