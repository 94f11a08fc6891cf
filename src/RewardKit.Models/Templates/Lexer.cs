using System.Globalization;
using System.Text;

namespace RewardKit.Models.Templates;

internal enum TokenKind { Data, VariableBegin, VariableEnd, BlockBegin, BlockEnd, Name, Text, Integer, Float, Operator, End }

/// <summary>A token: its text (a string's without quotes, escapes resolved), and the template's line it starts in.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Line);

/// <summary>
/// Splits a template into text and the tokens of its tags, with the whitespace rules of Jinja2 under <c>trim_blocks</c>
/// and <c>lstrip_blocks</c>: the newline after a statement or comment goes, so does blank space between the start of a
/// line and one; <c>-</c> takes all space on its side, <c>+</c> keeps it. The last newline of the template goes.
/// </summary>
internal sealed class Lexer
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string _text;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _counted;
    private bool _lineStarts = true;

    private Lexer(string source)
    {
        var text = source.Replace("\r\n", "\n").Replace('\r', '\n');
        _text = text.EndsWith('\n') ? text[..^1] : text;
    }

    /// <summary>Reads a template; the last token is <see cref="TokenKind.End"/>.</summary>
    public static List<Token> Read(string source)
    {
        var lexer = new Lexer(source);
        lexer.Read();
        return lexer._tokens;
    }

    private void Read()
    {
        while (NextTag() is var open && open >= 0)
        {
            var kind = _text[open + 1];
            var inner = open + 2;
            var sign = inner < _text.Length && _text[inner] is '-' or '+' ? _text[inner++] : ' ';
            Data(open, sign, strips: kind != '{');
            var line = LineAt(open);
            _at = inner;
            if (kind == '#') Comment(line);
            else if (kind == '{') Tag(TokenKind.VariableBegin, TokenKind.VariableEnd, "}}", line);
            else if (!Raw(line)) Tag(TokenKind.BlockBegin, TokenKind.BlockEnd, "%}", line);
        }
        if (_at < _text.Length) Add(TokenKind.Data, _text[_at..], LineAt(_at));
        Add(TokenKind.End, "", LineAt(_text.Length));
    }

    private int NextTag()
    {
        for (var open = _text.IndexOf('{', _at); open >= 0 && open + 1 < _text.Length; open = _text.IndexOf('{', open + 1))
            if (_text[open + 1] is '{' or '%' or '#') return open;
        return -1;
    }

    private void Data(int end, char sign, bool strips)
    {
        var text = _text.AsSpan(_at, end - _at);
        if (sign == '-')
        {
            while (text.Length > 0 && PythonText.IsSpace(text[^1])) text = text[..^1];
        }
        else if (sign != '+' && strips)
        {
            var start = text.LastIndexOf('\n') + 1;
            if ((start > 0 || _lineStarts) && AllSpace(text[start..])) text = text[..start];
        }
        if (text.Length > 0) Add(TokenKind.Data, text.ToString(), LineAt(_at));
    }

    private static bool AllSpace(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (!PythonText.IsSpace(c)) return false;
        return true;
    }

    private void Comment(int line)
    {
        var end = _text.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw new TemplateException("the comment '{#' is not closed by '#}'", line);
        var sign = end > _at ? _text[end - 1] : ' ';
        _at = end + 2;
        AfterTag(sign, takesNewline: true);
    }

    // What follows a closing tag, of which nothing is left but the space that it takes.
    private void AfterTag(char sign, bool takesNewline)
    {
        if (sign == '-') _at = SkipSpace(_at);
        else if (takesNewline && sign != '+' && _at < _text.Length && _text[_at] == '\n') _at++;
        _lineStarts = _text[_at - 1] == '\n';
    }

    // {% raw %} ... {% endraw %}: text in which tags mean nothing.
    private bool Raw(int line)
    {
        if (Word(_at, "raw") is not { } at) return false;
        if (At(at, "-%}")) _at = SkipSpace(at + 3);
        else if (At(at, "%}")) _at = at + 2;
        else return false;
        _lineStarts = _text[_at - 1] == '\n';
        for (var open = _text.IndexOf("{%", _at, StringComparison.Ordinal); open >= 0; open = _text.IndexOf("{%", open + 2, StringComparison.Ordinal))
        {
            var inner = open + 2;
            var sign = inner < _text.Length && _text[inner] is '-' or '+' ? _text[inner++] : ' ';
            if (Word(inner, "endraw") is not { } end) continue;
            var endSign = end < _text.Length && _text[end] is '-' or '+' ? _text[end++] : ' ';
            if (!At(end, "%}")) continue;
            Data(open, sign, strips: true);
            _at = end + 2;
            AfterTag(endSign, takesNewline: true);
            return true;
        }
        throw new TemplateException("'{% raw %}' is not closed by '{% endraw %}'", line);
    }

    private int? Word(int at, string word)
    {
        at = SkipSpace(at);
        return At(at, word) ? SkipSpace(at + word.Length) : null;
    }

    private void Tag(TokenKind begin, TokenKind end, string closing, int line)
    {
        Add(begin, "", line);
        var open = new Stack<char>();
        while (true)
        {
            _at = SkipSpace(_at);
            if (_at >= _text.Length) throw new TemplateException($"the tag is not closed by '{closing}'", line);
            if (open.Count == 0)
            {
                var sign = _text[_at] is '-' || _text[_at] is '+' && end == TokenKind.BlockEnd ? _text[_at] : ' ';
                var at = sign == ' ' ? _at : _at + 1;
                if (At(at, closing))
                {
                    Add(end, closing, LineAt(_at));
                    _at = at + 2;
                    AfterTag(sign, takesNewline: end == TokenKind.BlockEnd);
                    return;
                }
            }
            var c = _text[_at];
            if (char.IsAsciiDigit(c)) Number();
            else if (c is '\'' or '"') Quoted(c);
            else if (c == '_' || char.IsLetter(c)) Name();
            else Operator(open);
        }
    }

    private void Name()
    {
        var start = _at;
        while (_at < _text.Length && (_text[_at] == '_' || char.IsLetterOrDigit(_text[_at]))) _at++;
        Add(TokenKind.Name, _text[start.._at], LineAt(start));
    }

    private void Number()
    {
        var start = _at;
        // After a dot "1.2" is two indices, not a number: x.1.2.
        var whole = start > 0 && _text[start - 1] == '.';
        _at = Digits(start);
        var isFloat = false;
        if (!whole && At(_at, ".") && Digits(_at + 1) is var fraction && fraction > _at + 1) (_at, isFloat) = (fraction, true);
        if (!whole && _at < _text.Length && _text[_at] is 'e' or 'E')
        {
            var digits = _at + 1 < _text.Length && _text[_at + 1] is '+' or '-' ? _at + 2 : _at + 1;
            if (Digits(digits) is var exponent && exponent > digits) (_at, isFloat) = (exponent, true);
        }
        if (!isFloat && _text[start] == '0')
            for (_at = start + 1; _at < _text.Length && _text[_at] == '0';) _at++;
        Add(isFloat ? TokenKind.Float : TokenKind.Integer, _text[start.._at].Replace("_", ""), LineAt(start));
    }

    private int Digits(int at)
    {
        var end = at;
        while (end < _text.Length && (char.IsAsciiDigit(_text[end]) || _text[end] == '_' && end > at && end + 1 < _text.Length && char.IsAsciiDigit(_text[end + 1]))) end++;
        return end;
    }

    private void Operator(Stack<char> open)
    {
        var line = LineAt(_at);
        var found = Array.Find(Operators, candidate => At(_at, candidate))
            ?? throw new TemplateException($"unexpected character '{_text[_at]}'", line);
        if (found is "(") open.Push(')');
        else if (found is "[") open.Push(']');
        else if (found is "{") open.Push('}');
        else if (found is ")" or "]" or "}" && (open.Count == 0 || open.Pop() != found[0]))
            throw new TemplateException($"unexpected '{found}'", line);
        _at += found.Length;
        Add(TokenKind.Operator, found, line);
    }

    private void Quoted(char quote)
    {
        var start = _at++;
        var text = new StringBuilder();
        while (_at < _text.Length && _text[_at] != quote)
        {
            if (_text[_at] != '\\') text.Append(_text[_at++]);
            else if (++_at < _text.Length) Escape(text, LineAt(start));
        }
        if (_at >= _text.Length) throw new TemplateException("the string is not closed", LineAt(start));
        _at++;
        Add(TokenKind.Text, text.ToString(), LineAt(start));
    }

    // As in Python's string literals; an unknown escape stays as it is written.
    private void Escape(StringBuilder text, int line)
    {
        var c = _text[_at++];
        const string Simple = "n\nt\tr\ra\ab\bf\fv\v\\\\''\"\"";
        if (Simple.IndexOf(c) is var at && at >= 0 && at % 2 == 0) text.Append(Simple[at + 1]);
        else if (c is >= '0' and <= '7')
        {
            var value = c - '0';
            for (var n = 1; n < 3 && _at < _text.Length && _text[_at] is >= '0' and <= '7'; n++) value = value * 8 + _text[_at++] - '0';
            text.Append((char)value);
        }
        else if (c is 'x' or 'u' or 'U')
        {
            var length = c == 'x' ? 2 : c == 'u' ? 4 : 8;
            if (_at + length > _text.Length
                || !uint.TryParse(_text.AsSpan(_at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code > 0x10FFFF)
                throw new TemplateException($"'\\{c}' needs {length} hexadecimal digits of a character", line);
            _at += length;
            if (code > 0xFFFF) text.Append(char.ConvertFromUtf32((int)code));
            else text.Append((char)code);
        }
        else if (c == 'N') throw new TemplateException("characters by name ('\\N{...}') are not supported; write '\\u....'", line);
        else if (c != '\n') text.Append('\\').Append(c);
    }

    private int SkipSpace(int at)
    {
        while (at < _text.Length && PythonText.IsSpace(_text[at])) at++;
        return at;
    }

    private bool At(int at, string text) => string.CompareOrdinal(_text, at, text, 0, text.Length) == 0;

    private void Add(TokenKind kind, string text, int line) => _tokens.Add(new(kind, text, line));

    // Positions only ever grow but for a tag's own start, which shares its line with what was counted last.
    private int LineAt(int at)
    {
        for (; _counted < at; _counted++)
            if (_text[_counted] == '\n') _line++;
        return _line;
    }
}
