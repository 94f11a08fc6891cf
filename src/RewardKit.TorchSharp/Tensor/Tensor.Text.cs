using System.Globalization;
using System.Text;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        // Longer dimensions are abbreviated to their ends.
        private const int MostPerDimension = 12;

        /// <summary>Shape, type and device: <c>[2x3], type = Float32, device = cpu</c>.</summary>
        public override string ToString() =>
            IsInvalid ? "disposed tensor" : $"[{string.Join("x", shape)}], type = {dtype}, device = {device}";

        /// <summary>As the style <see cref="TensorStringStyle.Metadata"/>, or with values where <paramref name="disamb"/> is true.</summary>
        public string ToString(bool disamb, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null) =>
            ToString(disamb ? TensorStringStyle.Julia : TensorStringStyle.Metadata, fltFormat, width, cultureInfo, newLine);

        /// <summary>
        /// Shape, type and device, with the values as the style says. <paramref name="fltFormat"/> is a .NET format, by
        /// default <c>G5</c>; the culture is the invariant one unless given. <paramref name="width"/>, by default 100, is the
        /// longest line: a row that does not fit is abbreviated to its ends.
        /// </summary>
        public string ToString(TensorStringStyle style, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null)
        {
            if (style is TensorStringStyle.Metadata or TensorStringStyle.Default) return ToString();
            var text = new StringBuilder();
            var (open, close) = style == TensorStringStyle.CSharp ? ('{', '}') : ('[', ']');
            if (style != TensorStringStyle.Numpy) text.Append(ToString()).Append(newLine ?? Environment.NewLine);
            using (no_grad())
            {
                using var detached = detach();
                using var values = detached.cpu();
                var format = new ValueFormat(fltFormat ?? "G5", width ?? 100, cultureInfo ?? CultureInfo.InvariantCulture);
                values.AppendValues(text, open, close, newLine ?? Environment.NewLine, 1, format);
            }
            return text.ToString();
        }

        private readonly record struct ValueFormat(string Floating, int Width, CultureInfo Culture);

        private void AppendValues(StringBuilder text, char open, char close, string newLine, int depth, ValueFormat format)
        {
            if (ndim <= 1)
            {
                text.Append(ndim == 0 ? Word(format) : open + Row(format, format.Width - 2 * depth) + close);
                return;
            }
            text.Append(open);
            var length = size(0);
            for (long k = 0; k < length; k++)
            {
                if (k > 0) text.Append(',').Append(newLine).Append(' ', depth);
                if (k == MostPerDimension / 2 && length > MostPerDimension)
                {
                    text.Append("...");
                    k = length - MostPerDimension / 2 - 1;
                    continue;
                }
                using var part = Ops.select_int(this, 0, k);
                part.AppendValues(text, open, close, newLine, depth + 1, format);
            }
            text.Append(close);
        }

        /// <summary>The values of a vector, as many from both ends as fit.</summary>
        private string Row(ValueFormat format, int width)
        {
            var length = size(0);
            for (var ends = MostPerDimension / 2; ; ends--)
            {
                var words = new List<string>();
                for (long k = 0; k < length; k++)
                {
                    if (k == ends && length > 2 * ends)
                    {
                        words.Add("...");
                        k = length - ends;
                    }
                    using var element = Ops.select_int(this, 0, k);
                    words.Add(element.Word(format));
                }
                var row = string.Join(", ", words);
                if (row.Length <= width || ends <= 1) return row;
            }
        }

        private string Word(ValueFormat format)
        {
            var value = SingleElement();
            return dtype == ScalarType.Bool ? (value.ToLong() != 0 ? "true" : "false")
                : value.IsFloating ? value.ToDouble().ToString(format.Floating, format.Culture)
                : value.ToLong().ToString(format.Culture);
        }
    }
}
