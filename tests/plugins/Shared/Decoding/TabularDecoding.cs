using TorchSharp;

namespace RewardKit.Plugins.Tests.Decoding;

/// <summary>A language model that is a function from the answer so far to the logits of its next token.</summary>
public sealed class Table(Func<IReadOnlyList<int>, double[]> logits, string name = "table") : ILanguageModel
{
    /// <summary>The same logits everywhere.</summary>
    public Table(params double[] logits) : this(_ => logits) { }

    /// <summary>Probabilities instead of logits.</summary>
    public static Table Of(Func<IReadOnlyList<int>, double[]> probabilities) => new(tokens => [.. probabilities(tokens).Select(p => Math.Log(p))]);

    /// <summary>The same probabilities everywhere.</summary>
    public static Table Of(params double[] probabilities) => Of(_ => probabilities);

    public string Name => name;

    /// <summary>How often it was run.</summary>
    public int Asked { get; set; }

    public double[] Logits(IReadOnlyList<int> tokens) => logits(tokens);
}

/// <summary>A reward that is a function of the tokens of an unfinished answer.</summary>
public sealed class TableScorer(Func<IReadOnlyList<int>, double> reward) : IPrefixScorer
{
    public string Name => "rewards";

    /// <summary>For how many answers it was asked.</summary>
    public int Asked { get; set; }

    public double Reward(IReadOnlyList<int> tokens) => reward(tokens);
}

/// <summary>Decoding over tables, in which every distribution is known. Token 0 is written "a", token 1 "b", and so on.</summary>
public sealed class TabularDecoding(Table @base, params IReadOnlyList<Table> guides) : IDecodingContext
{
    // What an answer begins with; null: nothing, and answers go on to their ends.
    private int[]? _prefix;

    public ILanguageModel Base => @base;

    public IReadOnlyList<ILanguageModel> Guides => guides;

    public IScorer Scorer { get; init; } = new FakeScorer(_ => throw new InvalidOperationException("no scorer"));

    public IScorer BaselineScorer { get; init; } = new FakeScorer(_ => throw new InvalidOperationException("no baseline scorer"));

    public IPrefixScorer PrefixScorer { get; init; } = new TableScorer(_ => throw new InvalidOperationException("no prefix scorer"));

    public GenerationOptions Options { get; init; } = new() { Temperature = 1 };

    /// <summary>The token with which answers end; none if negative.</summary>
    public int End { get; init; } = -1;

    /// <summary>What the last step of a rule offered: by row, scores.</summary>
    public double[][] Scores { get; private set; } = [];

    /// <summary>The continuations that they belong to; null: the vocabulary.</summary>
    public IReadOnlyList<IReadOnlyList<int[]>>? Among { get; private set; }

    /// <summary>A request for the only prompt there is.</summary>
    public static DecodingRequest Request(long seed, params double[] weights) => new(Conversation.User("prompt"), seed, weights);

    public static int[] Ids(string text) => [.. text.Select(letter => letter - 'a')];

    public static string Text(IEnumerable<int> ids) => string.Concat(ids.Select(id => (char)('a' + id)));

    public static double[] Softmax(double[] scores)
    {
        double[] shares = [.. scores.Select(score => Math.Exp(score - scores.Max()))];
        return [.. shares.Select(share => share / shares.Sum())];
    }

    /// <summary>The distribution of the next token after a prefix, <c>[vocabulary]</c>, at the options' temperature.</summary>
    public double[] Next(IDecoder decoder, double[] weights, params int[] prefix) => Next(decoder, [weights], prefix)[0];

    /// <summary>The same for rows that stand in one step, each with its weights.</summary>
    public double[][] Next(IDecoder decoder, double[][] weights, params int[] prefix)
    {
        _prefix = prefix;
        decoder.Decode([.. weights.Select((own, row) => Request(row, own))], this, default);
        _prefix = null;
        return [.. Scores.Select((row, i) =>
        {
            var shares = Softmax([.. row.Select(score => score / Options.Temperature)]);
            if (Among is not { } among) return shares;
            var all = new double[@base.Logits(prefix).Length];
            foreach (var (choice, share) in among[i].Zip(shares)) all[choice.Single()] += share;
            return all;
        })];
    }

    /// <summary>The distribution of answers of a length, by their texts.</summary>
    public Dictionary<string, double> Answers(IDecoder decoder, double[] weights, int length)
    {
        var answers = new Dictionary<string, double> { [""] = 1 };
        for (var i = 0; i < length; i++)
        {
            answers = answers
                .SelectMany(answer => Next(decoder, weights, Ids(answer.Key)).Select((p, id) => (Text: answer.Key + Text([id]), Probability: answer.Value * p)))
                .ToDictionary(answer => answer.Text, answer => answer.Probability);
        }
        return answers;
    }

    public IReadOnlyList<GeneratedText> Generate(
        IReadOnlyList<DecodingRequest> requests, TokenRule rule, GenerationOptions? options = null, CancellationToken cancellation = default)
    {
        var rows = requests.Select((request, i) => new Row(i, [.. _prefix ?? []], request.Seed)).ToArray();
        for (var running = rows; running.Length > 0; running = _prefix is null ? [.. running.Where(row => !IsOver(row.Tokens, (options ?? Options).MaxTokens))] : [])
        {
            cancellation.ThrowIfCancellationRequested();
            using (torch.NewDisposeScope())
            {
                var choice = rule(new Step(this, requests, running));
                (Scores, Among) = ([.. choice.Scores.to_type(torch.ScalarType.Float64).contiguous().data<double>().ToArray().Chunk((int)choice.Scores.size(1))], choice.Among);
            }
            for (var i = 0; i < running.Length; i++)
            {
                var chosen = Choose(Scores[i], (options ?? Options).Temperature, running[i].Random);
                running[i].Tokens.AddRange(Among is { } among ? among[i][chosen] : [chosen]);
            }
        }
        return [.. rows.Select(row => Answer(row.Tokens))];
    }

    private bool IsOver(List<int> tokens, int most) => tokens.Count >= most || tokens.LastOrDefault(-1) == End && End >= 0;

    private GeneratedText Answer(List<int> tokens) => new(
        Text(tokens.Where(id => id != End)), [.. tokens], [.. tokens.Select(_ => 0.0)], tokens.LastOrDefault(-1) == End && End >= 0 ? FinishReason.StopToken : FinishReason.MaxTokens);

    private static int Choose(double[] scores, double temperature, Random random)
    {
        if (temperature == 0) return Array.IndexOf(scores, scores.Max());
        var left = random.NextDouble();
        var shares = Softmax([.. scores.Select(score => score / temperature)]);
        for (var id = 0; id < shares.Length; id++)
            if ((left -= shares[id]) < 0) return id;
        return Array.FindLastIndex(shares, share => share > 0);
    }

    // Seeds beside each other must not draw alike (SplitMix64's finalizer), and the same in every process.
    private static Random Draws(long seed)
    {
        var z = unchecked((ulong)seed * 0x9E3779B97F4A7C15);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return new((int)(z >> 33));
    }

    private sealed record Row(int Request, List<int> Tokens, long Seed)
    {
        public Random Random { get; } = Draws(Seed);
    }

    private sealed class Step(TabularDecoding decoding, IReadOnlyList<DecodingRequest> requests, Row[] rows) : IDecodingStep
    {
        public IReadOnlyList<int> Requests { get; } = [.. rows.Select(row => row.Request)];

        public IReadOnlyList<IReadOnlyList<int>> Tokens { get; } = [.. rows.Select(row => row.Tokens)];

        public torch.Tensor Weights
        {
            get
            {
                var steering = Math.Max(1, decoding.Guides.Count);
                return Matrix(rows.Select(row => requests[row.Request].Weights is { Count: > 0 } own ? own : [.. Enumerable.Repeat(1.0, steering)]));
            }
        }

        public torch.Tensor Logits(ILanguageModel model)
        {
            ((Table)model).Asked++;
            return Matrix(rows.Select(row => ((Table)model).Logits(row.Tokens)));
        }

        public torch.Tensor Rewards(IPrefixScorer scorer, IReadOnlyList<IReadOnlyList<int[]>> continuations)
        {
            var table = (TableScorer)scorer;
            table.Asked += continuations.Sum(row => row.Count);
            return Matrix(rows.Zip(continuations, (row, own) => own.Select(more => table.Reward([.. row.Tokens, .. more])).ToArray()));
        }

        public IReadOnlyList<IReadOnlyList<GeneratedText>> RollOut(
            ILanguageModel model, IReadOnlyList<IReadOnlyList<int[]>> continuations, GenerationOptions options)
        {
            var table = (Table)model;
            return [.. rows.Zip(continuations, (row, own) => own.Select((more, number) =>
            {
                List<int> tokens = [.. row.Tokens, .. more];
                var (most, random) = (tokens.Count + options.MaxTokens, Draws((row.Seed * 8_191 + row.Tokens.Count) * 8_191 + number + 1));
                while (!decoding.IsOver(tokens, most))
                {
                    table.Asked++;
                    tokens.Add(Choose(table.Logits(tokens), options.Temperature, random));
                }
                return decoding.Answer(tokens);
            }).ToArray())];
        }

        private static torch.Tensor Matrix(IEnumerable<IReadOnlyList<double>> rows)
        {
            var all = rows.ToArray();
            return torch.tensor([.. all.SelectMany(row => row).Select(value => (float)value)], [all.Length, all[0].Count]);
        }
    }
}
