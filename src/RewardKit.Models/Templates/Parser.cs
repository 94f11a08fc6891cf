namespace RewardKit.Models.Templates;

/// <summary>Reads the statements of a template; its other half reads expressions. Refuses what is outside the subset.</summary>
internal sealed partial class Parser
{
    // Far beyond any published template, and far from the end of a thread's stack.
    private const int MaxDepth = 100;

    private readonly List<Token> _tokens;
    private int _at;
    private int _depth;
    private int _loops;

    private Parser(List<Token> tokens) => _tokens = tokens;

    /// <summary>Parses a template.</summary>
    /// <exception cref="TemplateException">It is malformed, or uses what is not supported.</exception>
    public static Block Parse(string source) => new Parser(Lexer.Read(source)).Body(null, 1);

    private Token Current => _tokens[_at];

    private Token Next() => _tokens[_at++];

    private bool IsOperator(string text) => Current.Kind == TokenKind.Operator && Current.Text == text;

    private bool IsName(string text) => Current.Kind == TokenKind.Name && Current.Text == text;

    private bool SkipOperator(string text) => IsOperator(text) && ++_at > 0;

    private bool SkipName(string text) => IsName(text) && ++_at > 0;

    private Token Expect(TokenKind kind, string what) => Current.Kind == kind ? Next() : throw Unexpected(what);

    private void ExpectOperator(string text)
    {
        if (!SkipOperator(text)) throw Unexpected($"'{text}'");
    }

    private void ExpectName(string text)
    {
        if (!SkipName(text)) throw Unexpected($"'{text}'");
    }

    private TemplateException Unexpected(string expected) => new($"unexpected {Shown(Current)}; expected {expected}", Current.Line);

    private static string Shown(Token token) => token.Kind switch
    {
        TokenKind.End => "end of the template",
        TokenKind.Data => "text",
        TokenKind.Text => "string",
        TokenKind.VariableBegin => "'{{'",
        TokenKind.BlockBegin => "'{%'",
        _ => $"'{token.Text}'",
    };

    private T Nested<T>(Func<T> parse)
    {
        if (++_depth > MaxDepth) throw new TemplateException($"nested deeper than {MaxDepth} levels", Current.Line);
        var result = parse();
        _depth--;
        return result;
    }

    // Up to one of the ending tags, whose name is then the current token; to the template's end if there are none.
    private Block Body(string? statement, int line, params ReadOnlySpan<string> endings)
    {
        var statements = new List<Statement>();
        while (true)
        {
            var token = Next();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    statements.Add(new Text(token.Text, token.Line));
                    break;
                case TokenKind.VariableBegin:
                    statements.Add(new Output(Tuple(), token.Line));
                    Expect(TokenKind.VariableEnd, "an operator or '}}'");
                    break;
                case TokenKind.BlockBegin:
                    if (Current.Kind != TokenKind.Name) throw Unexpected("the name of a statement");
                    foreach (var ending in endings)
                        if (IsName(ending)) return new(statements);
                    statements.Add(Nested(Statement));
                    EndTag();
                    break;
                default:
                    return statement is null
                        ? new(statements)
                        : throw new TemplateException($"'{{% {statement} %}}' is not closed by '{{% {endings[^1]} %}}'", line);
            }
        }
    }

    private void EndTag() => Expect(TokenKind.BlockEnd, "'%}'");

    private Statement Statement()
    {
        var token = Next();
        return token.Text switch
        {
            "if" => If(token.Line),
            "for" => For(token.Line),
            "set" => Set(token.Line),
            "macro" => Macro(token.Line),
            "call" => CallBlock(token.Line),
            "filter" => FilterBlock(token.Line),
            "with" => With(token.Line),
            "break" or "continue" when _loops == 0 => throw new TemplateException($"'{{% {token.Text} %}}' stands outside a loop", token.Line),
            "break" => new Jump(Flow.Break, token.Line),
            "continue" => new Jump(Flow.Continue, token.Line),
            // Marks an assistant's text for transformers' masks; the text is as if it were not there.
            "generation" => Generation(token.Line),
            _ when token.Text.StartsWith("end", StringComparison.Ordinal) || token.Text is "else" or "elif" =>
                throw new TemplateException($"'{{% {token.Text} %}}' closes nothing that is open", token.Line),
            _ => throw new TemplateException($"the statement '{{% {token.Text} %}}' is not supported", token.Line),
        };
    }

    private If If(int line)
    {
        var branches = new List<(Expression Test, Block Body)>();
        while (true)
        {
            var test = Tuple(conditional: false);
            EndTag();
            branches.Add((test, Body("if", line, "elif", "else", "endif")));
            if (SkipName("elif")) continue;
            if (SkipName("endif")) return new(branches, null, line);
            Next();
            EndTag();
            var otherwise = Body("if", line, "endif");
            Next();
            return new(branches, otherwise, line);
        }
    }

    private For For(int line)
    {
        var target = Target("in");
        ExpectName("in");
        var items = Tuple(conditional: false);
        var filter = SkipName("if") ? Expression() : null;
        if (IsName("recursive")) throw new TemplateException("recursive loops are not supported", line);
        EndTag();
        _loops++;
        var body = Body("for", line, "else", "endfor");
        _loops--;
        Block? otherwise = null;
        if (SkipName("else"))
        {
            EndTag();
            otherwise = Body("for", line, "endfor");
        }
        Next();
        return new(target, items, filter, body, otherwise, line);
    }

    private Statement Set(int line)
    {
        var target = Target("");
        if (SkipOperator("=")) return new Set(target, Tuple(), line);
        var filters = IsOperator("|") ? Filters(null) : null;
        EndTag();
        var body = Body("set", line, "endset");
        Next();
        return new SetBlock(target, body, filters, line);
    }

    private Macro Macro(int line)
    {
        var name = Expect(TokenKind.Name, "the macro's name").Text;
        var parameters = Parameters();
        EndTag();
        return new(new MacroBody(name, parameters, Apart("macro", line, "endmacro")), line);
    }

    private CallBlock CallBlock(int line)
    {
        var parameters = IsOperator("(") ? Parameters() : [];
        if (Expression() is not Call call) throw new TemplateException("'{% call %}' needs the call of a macro", line);
        EndTag();
        return new(call, new MacroBody("caller", parameters, Apart("call", line, "endcall")), line);
    }

    // A body that runs as a function of its own: no loop around it can be left from within.
    private Block Apart(string statement, int line, string ending)
    {
        var loops = _loops;
        _loops = 0;
        var body = Body(statement, line, ending);
        _loops = loops;
        Next();
        return body;
    }

    private List<(string Name, Expression? Default)> Parameters()
    {
        var parameters = new List<(string, Expression?)>();
        ExpectOperator("(");
        while (!IsOperator(")"))
        {
            if (parameters.Count > 0) ExpectOperator(",");
            var name = Expect(TokenKind.Name, "a parameter's name");
            var given = SkipOperator("=") ? Expression() : null;
            if (given is null && parameters.Count > 0 && parameters[^1].Item2 is not null)
                throw new TemplateException($"the parameter '{name.Text}' without a default follows one with a default", name.Line);
            parameters.Add((name.Text, given));
        }
        Next();
        return parameters;
    }

    private FilterBlock FilterBlock(int line)
    {
        var filters = Filters(null, named: true);
        EndTag();
        var body = Body("filter", line, "endfilter");
        Next();
        return new(filters, body, line);
    }

    private With With(int line)
    {
        var values = new List<(Target, Expression)>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0) ExpectOperator(",");
            var target = Target("");
            ExpectOperator("=");
            values.Add((target, Expression()));
        }
        EndTag();
        var body = Body("with", line, "endwith");
        Next();
        return new(values, body, line);
    }

    private With Generation(int line)
    {
        EndTag();
        return new([], Apart("generation", line, "endgeneration"), line);
    }

    // name, namespace.attribute, or several with commas between, with or without parentheses.
    private Target Target(string ending)
    {
        var line = Current.Line;
        var targets = new List<Target>();
        do
        {
            if (targets.Count > 0 && (Current.Kind is TokenKind.BlockEnd || IsOperator("=") || IsOperator(")") || IsName(ending))) break;
            if (SkipOperator("("))
            {
                targets.Add(Nested(() => Target("")));
                ExpectOperator(")");
                continue;
            }
            var name = Expect(TokenKind.Name, "a name to assign to");
            if (Constants.ContainsKey(name.Text)) throw new TemplateException($"'{name.Text}' cannot be assigned to", name.Line);
            targets.Add(ending != "in" && SkipOperator(".")
                ? new AttributeTarget(name.Text, Expect(TokenKind.Name, "an attribute's name").Text, name.Line)
                : new NameTarget(name.Text));
        }
        while (SkipOperator(","));
        return targets.Count == 1 && _tokens[_at - 1].Text != "," ? targets[0] : new TupleTarget(targets, line);
    }
}
