namespace RewardKit.Scripting.Tests

open System.IO
open System.IO.Compression
open NUnit.Framework

/// Packages come from a folder that the test fills, and are unpacked below it: no network, and nothing is left behind.
module PackagesTests =

    /// A workspace whose folder `feed` is the only source of packages there is, and none before a script names it.
    let private workspace () =
        let space = new Workspace()

        space.Write(
            "nuget.config",
            "<configuration>\
               <config><add key=\"globalPackagesFolder\" value=\"unpacked\" /></config>\
               <packageSources><clear /></packageSources>\
             </configuration>"
        )

        Directory.CreateDirectory(space.Path "feed") |> ignore
        space

    /// Puts a package with one assembly into the feed: its module Own has a function that returns a number.
    let private publish (space: Workspace) (name: string) (version: string) (number: int) =
        use package = ZipFile.Open(space.Path $"feed/{name}.{version}.nupkg", ZipArchiveMode.Create)

        let add (path: string) (bytes: byte array) =
            use entry = package.CreateEntry(path).Open()
            entry.Write(bytes, 0, bytes.Length)

        add $"lib/net8.0/{name}.dll" (StaleCacheTests.library number)

        add
            $"{name}.nuspec"
            (System.Text.Encoding.UTF8.GetBytes
                $"<package><metadata><id>{name}</id><version>{version}</version><authors>x</authors>\
                  <description>x</description></metadata></package>")

    let private script (space: Workspace) package =
        space.Write(
            "a.fsx",
            lines
                [ "#i \"nuget: feed\""
                  $"#r \"nuget: {package}\""
                  log "Own.value ()"
                  "let own = System.AppDomain.CurrentDomain.GetAssemblies() |> Array.findBack (fun a -> a.GetName().Name = \"own\")"
                  log "(System.Runtime.Loader.AssemblyLoadContext.GetLoadContext own).Name" ]
        )

    let private refused (space: Workspace) package =
        script space package
        (refusal (fun () -> space.Run "a.fsx")).Message.Replace(space.Path "" + "/", "")

    [<Test>]
    let ``a package is restored once for its line, and the compiled script needs no restore`` () =
        use space = workspace ()
        publish space "own" "1.0.0" 1
        publish space "own" "1.1.0" 2
        script space "own, 1.0.0"
        space.Run "a.fsx"
        script space "own, 1.1.0"
        space.Run "a.fsx"
        Assert.That(space.Log, Expect.equal [ "1"; "script"; "2"; "script" ])
        Assert.That(space.Warnings, Is.Empty)

        // Nothing could be restored any more.
        Directory.Delete(space.Path "feed", true)
        Directory.CreateDirectory(space.Path "feed") |> ignore
        script space "own, 1.0.0"
        space.Run "a.fsx"
        Assert.That(space.Log[4..], Expect.equal [ "1"; "script" ])

        // What was unpacked is gone, and cannot come back.
        Directory.Delete(space.Path "unpacked", true)
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.Message, Does.StartWith $"{space.A}(2,1): error: The package own 1.0.0 cannot be restored.\n")

    [<Test>]
    let ``a package without a version, and one that is not there`` () =
        use space = workspace ()
        publish space "own" "1.0.0" 1

        Assert.That(
            refused space "own",
            Expect.equal (
                lines
                    [ "a.fsx(2,1): error: #r \"nuget: own\" names no version, and the newest one is another one tomorrow. Write #r \"nuget: own, 1.2.3\"."
                      "   2 | #r \"nuget: own\""
                      "     | ^^^^^^^^^^^^^^^" ]
            )
        )

        let missing = refused space "Nowhere, 1.0.0"

        Assert.That(
            missing,
            Does.StartWith(
                lines
                    [ "a.fsx(2,1): error: The package Nowhere 1.0.0 cannot be restored."
                      "   2 | #r \"nuget: Nowhere, 1.0.0\""
                      "     | ^^^^^^^^^^^^^^^^^^^^^^^^^^"
                      "  NU1101: Unable to find package Nowhere." ]
            )
        )

        Assert.That(refused space "own, 3.0.0", Does.Contain("NU1102: ").And.Contain "1.0.0")

    [<Test>]
    let ``a source that does not answer`` () =
        use space = workspace ()
        space.Write("a.fsx", lines [ "#i \"nuget: https://127.0.0.1:9/index.json\""; "#r \"nuget: own, 1.0.0\"" ])
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.Message, Does.StartWith $"{space.A}(2,1): error: The package own 1.0.0 cannot be restored.\n")
        Assert.That(error.Message, Does.EndWith "\nIs the network there? Packages may come from a folder, too: #i \"nuget: FOLDER\".")
        Assert.That(error.ExitCode, Expect.equal 2)

    [<Test>]
    let ``what the host has, too, is the host's, and the script is told`` () =
        use space = workspace ()
        publish space "Polly.Core" "99.0.0" 1

        space.Write(
            "a.fsx",
            lines
                [ "#i \"nuget: feed\""
                  "#r \"nuget: Polly.Core, 99.0.0\""
                  log "typeof<Polly.ResiliencePipeline>.Assembly = System.Reflection.Assembly.Load \"Polly.Core\"" ]
        )

        space.Run "a.fsx"
        Assert.That(space.Log, Expect.equal [ "True" ])
        let said = Seq.exactlyOne space.Warnings
        Assert.That(said, Does.StartWith $"{space.A}(2,1): warning: RewardKit has Polly.Core 8.")
        Assert.That(said, Does.EndWith ", which is used in place of 99.0.0.")
