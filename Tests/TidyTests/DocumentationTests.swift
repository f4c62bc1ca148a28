import Foundation
import SallyportModel
import Testing

/// What the documents promise to list is all there.
@Suite struct DocumentationTests {
    @Test func everyReasonIsInTheReference() throws {
        let page = try Repository.text("docs/reference/reasons.md")
        #expect(!Reason.all.isEmpty)
        for reason in Reason.all {
            #expect(page.contains(reason.name), "\(reason.name) (\(reason.title)) is not in docs/reference/reasons.md; generate it anew")
        }
    }

    @Test func everyExampleIsListedAndExplained() throws {
        let page = try Repository.text("Examples/README.md")
        let folders = try Repository.folders(in: "Examples")
        #expect(!folders.isEmpty)
        for folder in folders {
            #expect(page.contains("(\(folder)/"), "Examples/README.md does not link to \(folder)/")
            for file in ["README.md", "sallyport.yaml"] {
                let path = Repository.root.appending(path: "Examples/\(folder)/\(file)").path
                #expect(FileManager.default.fileExists(atPath: path), "Examples/\(folder) has no \(file)")
            }
        }
    }

    /// A link in a document leads to a file that exists.
    @Test(arguments: ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "Examples/README.md"])
    func linksLeadSomewhere(document: String) throws {
        let folder = Repository.root.appending(path: document).deletingLastPathComponent()
        for match in try Repository.text(document).matches(of: /\]\(([^)#:]+)(?:#[^)]*)?\)/) {
            let target = folder.appending(path: String(match.1)).path
            #expect(FileManager.default.fileExists(atPath: target), "\(document) links to \(match.1), which does not exist")
        }
    }

    /// Every decision that is numbered is there, and no number is given twice.
    @Test func decisionsAreNumbered() throws {
        let numbers = try Repository.files(under: "docs/decisions", suffix: ".md").compactMap { path in
            path.split(separator: "/").last.flatMap { Int($0.prefix(4)) }
        }
        #expect(numbers.sorted() == Array(1...max(1, numbers.count)))
    }
}
