namespace RewardKit.Scripting

/// How scripts are compiled. Apart from the compiler, so that a cached script need not load it.
module internal Options =

    /// The compiler's own assembly, beside the host's.
    let compilerFile = "FSharp.Compiler.Service.dll"

    /// Everything that decides the outcome beside files and references; part of the cache key.
    let private common =
        [ "--noframework"
          "--simpleresolution"
          "--targetprofile:netcore"
          "--nocopyfsharpcore"
          "--langversion:10.0"
          // Lines in a stack trace are right only without inlining and tail calls; the host does the hard work.
          "--optimize-"
          "--tailcalls-"
          "--deterministic+"
          "--nowin32manifest"
          // The value of a script's last line is for interactive use, as in dotnet fsi.
          "--nowarn:20" ]

    /// For scripts.
    let all = "--target:exe" :: "--debug:embedded" :: common

    /// For the generated file as an assembly of its own. Nobody steps through it, and without symbols it is the same
    /// wherever it lies.
    let library = "--target:library" :: "--debug-" :: common

    /// The symbol under which the generated file is empty.
    [<Literal>]
    let LibraryReferenced = "REWARDKIT_LIBRARY"
