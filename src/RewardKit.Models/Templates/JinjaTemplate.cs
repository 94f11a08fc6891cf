using System.Collections;
using System.Text.Json;

namespace RewardKit.Models.Templates;

/// <summary>
/// A chat template: the part of Jinja2 that the templates of the Hugging Face Hub use, with the meaning it has in
/// transformers (sandboxed, <c>trim_blocks</c>, <c>lstrip_blocks</c>, <c>tojson</c> without HTML escapes, undefined names
/// print as nothing). What is outside that part is refused with its line. A template sees the values it is given and
/// nothing else, and its work, its nesting and the size of what it makes are bounded. Safe to use from several threads.
/// </summary>
public sealed class JinjaTemplate
{
    /// <summary>The most characters of a template.</summary>
    public const int MaxSource = 1_000_000;

    // The date that Llama 3's templates take where they are told none. Today's would make a text's tokens, and so its
    // score, differ from day to day.
    private static readonly DateTime Now = new(2024, 7, 26, 0, 0, 0, DateTimeKind.Unspecified);

    private readonly string _name;
    private readonly Block _body;

    private JinjaTemplate(string name, Block body) => (_name, _body) = (name, body);

    /// <summary>Reads a template.</summary>
    /// <param name="source">The template.</param>
    /// <param name="name">What messages call it, usually its file.</param>
    /// <exception cref="RewardKitException">
    /// It is malformed, or uses what is not supported; the message has the line and the construct.
    /// </exception>
    public static JinjaTemplate Parse(string source, string name)
    {
        if (source.Length > MaxSource)
            throw RewardKitException.Input($"{name}: the chat template has {source.Length} characters; at most {MaxSource} are allowed.");
        try
        {
            return new(name, Parser.Parse(source));
        }
        catch (TemplateException e)
        {
            throw Refused(name, e);
        }
    }

    /// <summary>Fills the template in.</summary>
    /// <param name="values">
    /// The names it can use: null, bool, int, long, double, string, <see cref="JsonElement"/>, dictionaries with string
    /// keys, and sequences of these. Besides them it has <c>range</c>, <c>dict</c>, <c>namespace</c>,
    /// <c>raise_exception</c> and <c>strftime_now</c>, which always tells 26 July 2024, so that a text's tokens do not
    /// change from day to day.
    /// </param>
    /// <returns>The text.</returns>
    /// <exception cref="RewardKitException">
    /// The template refuses the values, fails on them, or goes beyond its bounds; the message has the line.
    /// </exception>
    /// <exception cref="ArgumentException">A value is of another type.</exception>
    public string Render(IEnumerable<KeyValuePair<string, object?>> values)
    {
        var globals = new Scope(null);
        Globals.AddTo(globals, Now);
        foreach (var (key, value) in values) globals.Set(key, Value(value));
        var state = new RenderState(new(globals));
        try
        {
            _body.Run(state);
            return state.Out.ToString();
        }
        catch (TemplateException e)
        {
            throw Refused(_name, e);
        }
    }

    private static object? Value(object? value)
    {
        switch (value)
        {
            case null or bool or long or double or string:
                return value;
            case int number:
                return (long)number;
            case JsonElement element:
                return Json.Value(element);
            case IEnumerable<KeyValuePair<string, object?>> entries:
                var map = new Map();
                foreach (var (key, entry) in entries) map.Set(key, Value(entry));
                return map;
            case IEnumerable items:
                return Values.List(items.Cast<object?>().Select(Value));
            default:
                throw new ArgumentException($"A template cannot be given a {value.GetType().Name}.", nameof(value));
        }
    }

    private static RewardKitException Refused(string name, TemplateException e) =>
        RewardKitException.Input($"{name}: chat template, line {e.Line}: {e.Message}.", e);
}
