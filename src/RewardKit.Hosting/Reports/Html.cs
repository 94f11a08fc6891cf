using System.Globalization;
using System.Net;

namespace RewardKit.Hosting.Reports;

/// <summary>Markup that is safe to put on a page: whatever is interpolated into it is escaped unless it is markup itself.</summary>
internal readonly record struct Html(string Text)
{
    /// <summary>Escapes each hole, numbers in the invariant culture; null leaves nothing.</summary>
    public static Html Of(FormattableString markup) => new(markup.ToString(Formatter.Instance));

    /// <summary>Makes one piece of each item and puts them in a row.</summary>
    public static Html Each<T>(IEnumerable<T> items, Func<T, Html> piece) => new(string.Concat(items.Select(i => piece(i).Text)));

    /// <inheritdoc/>
    public override string ToString() => Text;

    private sealed class Formatter : IFormatProvider, ICustomFormatter
    {
        public static readonly Formatter Instance = new();

        public object? GetFormat(Type? formatType) => formatType == typeof(ICustomFormatter) ? this : null;

        public string Format(string? format, object? arg, IFormatProvider? formatProvider) => arg switch
        {
            null => "",
            Html html => html.Text,
            IFormattable formattable => WebUtility.HtmlEncode(formattable.ToString(format, CultureInfo.InvariantCulture)),
            _ => WebUtility.HtmlEncode(arg.ToString() ?? ""),
        };
    }
}
