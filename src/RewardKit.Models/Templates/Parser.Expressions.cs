using System.Globalization;

namespace RewardKit.Models.Templates;

internal sealed partial class Parser
{
    private static readonly Dictionary<string, object?> Constants = new()
    {
        ["true"] = true,
        ["True"] = true,
        ["false"] = false,
        ["False"] = false,
        ["none"] = null,
        ["None"] = null,
    };

    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private Expression Expression() => Nested(Conditional);

    // One expression, or several with commas between: a tuple.
    private Expression Tuple(bool conditional = true, bool parenthesised = false)
    {
        var line = Current.Line;
        var items = new List<Expression>();
        while (true)
        {
            if (Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || IsOperator(")")) break;
            items.Add(conditional ? Expression() : Nested(Or));
            if (!IsOperator(",")) return items.Count == 1 ? items[0] : new ListLiteral(items, SequenceForm.Tuple, line);
            Next();
        }
        if (items.Count == 0 && !parenthesised) throw Unexpected("an expression");
        return new ListLiteral(items, SequenceForm.Tuple, line);
    }

    private Expression Conditional()
    {
        var value = Or();
        while (IsName("if"))
        {
            var line = Next().Line;
            var test = Or();
            value = new Conditional(test, value, SkipName("else") ? Expression() : null, line);
        }
        return value;
    }

    private Expression Or()
    {
        var left = And();
        while (IsName("or")) left = new Logical(left, Next().Line, isAnd: false, And());
        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (IsName("and")) left = new Logical(left, Next().Line, isAnd: true, Not());
        return left;
    }

    private Expression Not()
    {
        if (!IsName("not")) return Comparison();
        var line = Next().Line;
        return new Not(Nested(Not), line);
    }

    private Expression Comparison()
    {
        var line = Current.Line;
        var first = Sum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (Current.Kind == TokenKind.Operator && Comparisons.Contains(Current.Text)) rest.Add((Next().Text, Sum()));
            else if (SkipName("in")) rest.Add(("in", Sum()));
            else if (IsName("not") && _tokens[_at + 1] is { Kind: TokenKind.Name, Text: "in" })
            {
                _at += 2;
                rest.Add(("not in", Sum()));
            }
            else return rest.Count == 0 ? first : new Comparison(first, rest, line);
        }
    }

    private Expression Sum()
    {
        var left = Concatenation();
        while (IsOperator("+") || IsOperator("-")) left = Binary(left, Concatenation);
        return left;
    }

    private Expression Concatenation()
    {
        var line = Current.Line;
        var parts = new List<Expression> { Product() };
        while (SkipOperator("~")) parts.Add(Product());
        return parts.Count == 1 ? parts[0] : new Concatenation(parts, line);
    }

    private Expression Product()
    {
        var left = Power();
        while (IsOperator("*") || IsOperator("/") || IsOperator("//") || IsOperator("%")) left = Binary(left, Power);
        return left;
    }

    private Expression Power()
    {
        var left = Unary(true);
        while (IsOperator("**")) left = Binary(left, () => Unary(true));
        return left;
    }

    private Binary Binary(Expression left, Func<Expression> right)
    {
        var token = Next();
        return new(token.Text, left, right(), token.Line);
    }

    private Expression Unary(bool filtered)
    {
        Expression value;
        if (IsOperator("-") || IsOperator("+"))
        {
            var token = Next();
            value = new Sign(token.Text == "-", Nested(() => Unary(false)), token.Line);
        }
        else
        {
            value = Primary();
        }
        value = Postfix(value);
        return filtered ? FiltersAndTests(value) : value;
    }

    private Expression Primary()
    {
        var token = Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return Constants.TryGetValue(token.Text, out var constant)
                    ? new Constant(constant, token.Line)
                    : new Name(token.Text, token.Line);
            case TokenKind.Text:
                var text = token.Text;
                while (Current.Kind == TokenKind.Text) text += Next().Text;
                return new Constant(text, token.Line);
            case TokenKind.Integer:
                return new Constant(Integer(token), token.Line);
            case TokenKind.Float:
                return new Constant(double.Parse(token.Text, CultureInfo.InvariantCulture), token.Line);
            case TokenKind.Operator when token.Text == "(":
                var tuple = Tuple(parenthesised: true);
                ExpectOperator(")");
                return tuple;
            case TokenKind.Operator when token.Text == "[":
                var items = new List<Expression>();
                while (!IsOperator("]"))
                {
                    if (items.Count > 0) ExpectOperator(",");
                    if (!IsOperator("]")) items.Add(Expression());
                }
                Next();
                return new ListLiteral(items, SequenceForm.List, token.Line);
            case TokenKind.Operator when token.Text == "{":
                return MapLiteral(token.Line);
            default:
                _at--;
                throw Unexpected("an expression");
        }
    }

    private static long Integer(Token token) => long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        ? value
        : throw new TemplateException($"the number {token.Text} does not fit into 64 bits", token.Line);

    private MapLiteral MapLiteral(int line)
    {
        var entries = new List<(Expression, Expression)>();
        while (!IsOperator("}"))
        {
            if (entries.Count > 0) ExpectOperator(",");
            if (IsOperator("}")) break;
            var key = Expression();
            ExpectOperator(":");
            entries.Add((key, Expression()));
        }
        Next();
        return new(entries, line);
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            var line = Current.Line;
            if (SkipOperator("."))
            {
                if (Current.Kind == TokenKind.Integer) value = new Item(value, new Constant(Integer(Next()), line), line);
                else value = new Attribute(value, Expect(TokenKind.Name, "a name or number").Text, line);
            }
            else if (SkipOperator("[")) value = Subscript(value, line);
            else if (IsOperator("(")) value = new Call(value, Arguments(), line);
            else return value;
        }
    }

    private Expression Subscript(Expression value, int line)
    {
        Expression? start = IsOperator(":") ? null : Expression();
        if (start is not null && IsOperator(",")) throw new TemplateException("subscripts with several parts are not supported", line);
        if (start is not null && SkipOperator("]")) return new Item(value, start, line);
        ExpectOperator(":");
        var stop = IsOperator(":") || IsOperator("]") ? null : Expression();
        var step = SkipOperator(":") && !IsOperator("]") ? Expression() : null;
        ExpectOperator("]");
        return new Slice(value, start, stop, step, line);
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            if (IsOperator("|")) value = Filters(value);
            else if (IsName("is")) value = Test(value);
            // Calls may follow filters and tests, as in (x | first)() without the parentheses.
            else if (IsOperator("(")) value = new Call(value, Arguments(), Current.Line);
            else return value;
        }
    }

    // Without a value: the filters of a block, whose text is put in when it runs.
    private Expression Filters(Expression? value, bool named = false)
    {
        while (named || SkipOperator("|"))
        {
            named = false;
            var name = Expect(TokenKind.Name, "a filter's name");
            if (!Templates.Filters.Known.ContainsKey(name.Text) || IsOperator("."))
                throw new TemplateException($"the filter '{name.Text}' is not supported (known: {string.Join(", ", Templates.Filters.Known.Keys.Order(StringComparer.Ordinal))})", name.Line);
            value = new Filter(value, name.Text, IsOperator("(") ? Arguments() : ArgumentList.None, name.Line);
        }
        return value!;
    }

    private Expression Test(Expression value)
    {
        Next();
        var negated = SkipName("not");
        var name = Expect(TokenKind.Name, "a test's name");
        if (!Tests.Known.ContainsKey(name.Text))
            throw new TemplateException($"the test '{name.Text}' is not supported (known: {string.Join(", ", Tests.Known.Keys.Order(StringComparer.Ordinal))})", name.Line);
        var arguments = ArgumentList.None;
        if (IsOperator("(")) arguments = Arguments();
        else if (Current.Kind is TokenKind.Name or TokenKind.Text or TokenKind.Integer or TokenKind.Float
            && !(IsName("else") || IsName("or") || IsName("and")) || IsOperator("(") || IsOperator("[") || IsOperator("{"))
        {
            if (IsName("is")) throw new TemplateException("tests cannot be chained with 'is'", name.Line);
            // "x is defined if y": no argument, although Jinja2 itself would stumble here.
            if (!IsName("if") && !IsName("in") && !IsName("not")) arguments = new([Postfix(Primary())], []);
        }
        return new Test(value, name.Text, arguments, negated, name.Line);
    }

    private ArgumentList Arguments()
    {
        ExpectOperator("(");
        var (positional, named) = (new List<Expression>(), new List<(string, Expression)>());
        while (!IsOperator(")"))
        {
            if (positional.Count + named.Count > 0) ExpectOperator(",");
            if (IsOperator(")")) break;
            if (IsOperator("*") || IsOperator("**")) throw new TemplateException($"arguments with '{Current.Text}' are not supported", Current.Line);
            if (Current.Kind == TokenKind.Name && _tokens[_at + 1] is { Kind: TokenKind.Operator, Text: "=" })
            {
                var name = Next();
                Next();
                if (named.Exists(other => other.Item1 == name.Text)) throw new TemplateException($"the argument '{name.Text}' is given twice", name.Line);
                named.Add((name.Text, Expression()));
            }
            else if (named.Count > 0) throw new TemplateException("an argument without a name follows one with a name", Current.Line);
            else positional.Add(Expression());
        }
        Next();
        return new(positional, named);
    }
}
