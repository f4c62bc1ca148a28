import ArgumentParser

/// Where the process begins and ends: arguments in, exit status out.
@main enum Entry {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let mistake = UnknownVerb.first(in: arguments, of: Sallyport.self) {
            Terminal.error(mistake.description)
            ExitStatus.usage.exit()
        }
        do {
            var command = try Sallyport.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            failure.report()
            failure.status.exit()
        } catch {
            Sallyport.exit(withError: error)
        }
    }
}
