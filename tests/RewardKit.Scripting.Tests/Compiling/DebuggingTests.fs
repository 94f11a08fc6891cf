namespace RewardKit.Scripting.Tests

open System
open System.IO
open System.Reflection.Metadata
open System.Reflection.PortableExecutable
open System.Security.Cryptography
open NUnit.Framework

/// What a debugger needs in order to stop on a script's lines and to show its values.
module DebuggingTests =

    let private symbols (assembly: string) (read: MetadataReader -> 'a) : 'a =
        use stream = File.OpenRead assembly
        use image = new PEReader(stream)

        let entry =
            image.ReadDebugDirectory() |> Seq.find (fun entry -> entry.Type = DebugDirectoryEntryType.EmbeddedPortablePdb)

        use symbols = image.ReadEmbeddedPortablePdbDebugDirectoryData entry
        read (symbols.GetMetadataReader())

    /// The lines of a file at which a debugger can stop.
    let private stops assembly file =
        symbols assembly (fun reader ->
            [ for handle in reader.MethodDebugInformation do
                  for point in reader.GetMethodDebugInformation(handle).GetSequencePoints() do
                      if not point.IsHidden && reader.GetString(reader.GetDocument(point.Document).Name) = file then
                          point.StartLine ])
        |> List.distinct
        |> List.sort

    [<Test>]
    let ``a debugger can stop on every line that does something, of the script and of what it loads`` () =
        use space = new Workspace()

        space.Write(
            "a.fsx",
            lines
                [ "#load \"b.fsx\""
                  "// A comment."
                  "let twice x ="
                  "    let y = x + x"
                  "    y"
                  ""
                  "for i in [ 1; 2 ] do"
                  "    printfn \"%d\" (twice i)"
                  ""
                  "let shown ="
                  "    { new obj() with"
                  "        member _.ToString() ="
                  "            B.three ()  }" 
                  "printfn \"%O\" shown"]
        )

        space.Write("b.fsx", lines [ "module B"; "let three () ="; "    string 3" ])
        space.Run "a.fsx"
        Assert.That(stops space.Entries.Head space.A, Expect.equal [ 4; 5; 7; 8; 10; 13; 14 ])
        Assert.That(stops space.Entries.Head space.B, Expect.equal [ 3 ])

    [<Test>]
    let ``the symbols are those of the files as they lie there`` () =
        use space = new Workspace()
        space.Write("a.fsx", log "1")
        space.Run "a.fsx"

        let hashes =
            symbols space.Entries.Head (fun reader ->
                [ for handle in reader.Documents do
                      let document = reader.GetDocument handle
                      reader.GetString document.Name, Convert.ToHexString(reader.GetBlobBytes document.Hash) ])

        Assert.That(hashes, Does.Contain((space.A, Convert.ToHexString(SHA256.HashData(File.ReadAllBytes space.A)))))

    [<Test>]
    let ``what runs is a file, with code as it was written`` () =
        use space = new Workspace()

        space.Write(
            "a.fsx",
            lines
                [ "let own = System.Reflection.Assembly.GetExecutingAssembly()"
                  log "own.Location"
                  log "(own.GetCustomAttributes(typeof<System.Diagnostics.DebuggableAttribute>, false)[0] :?> System.Diagnostics.DebuggableAttribute).IsJITOptimizerDisabled" ]
        )

        for _ in 1..2 do
            space.Run "a.fsx"

        Assert.That(space.Log, Expect.equal [ space.Entries.Head; "True"; space.Entries.Head; "True" ])
