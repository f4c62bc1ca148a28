import SallyportModel
import SallyportPKI

/// The background work of the keeper: looks at files, fetches lists, asks responders. No event loop waits for any of it.
struct RevocationRounds: Sendable {
    let keeper: RevocationKeeper
    let fetcher: any DocumentFetcher

    /// Fetches at a time.
    private static let width = 8
    private static let tick = Duration.seconds(1)
    /// Ticks between two looks at open connections, whose lists and answers may have gone out of date.
    private static let ticksBetweenLooks = 30

    /// Until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await keepTime() }
            group.addTask { for await _ in keeper.lists.stream { await lookAtLists() } }
            group.addTask { for await _ in keeper.questions.stream { await askResponders() } }
        }
    }

    private func keepTime() async {
        var ticks = 0
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.tick) } catch { return }
            keeper.lists.ring()
            ticks += 1
            if ticks % Self.ticksBetweenLooks == 0 { keeper.lookAgain() }
        }
    }

    // MARK: lists

    private func lookAtLists() async {
        var due = keeper.due(at: UnixTime.seconds())[...]
        while !due.isEmpty {
            await withTaskGroup(of: Void.self) { group in
                for one in due.prefix(Self.width) { group.addTask { await look(at: one) } }
            }
            due = due.dropFirst(Self.width)
        }
    }

    private func look(at due: DueSource) async {
        switch due.source.location {
        case .file(let path): look(atFile: path, due)
        case .url(let url): await fetch(url, due)
        }
    }

    private func look(atFile path: String, _ due: DueSource) {
        let mark = FileMark(path: path)
        guard mark != due.known.mark else { return keeper.unchanged(due, at: UnixTime.seconds()) }
        do throws(PKIError) {
            let lists = try RevocationPlan.read(path, replacing: due.known.lists, anchors: due.anchors)
            keeper.succeeded(due, lists, mark: mark, at: UnixTime.seconds())
        } catch {
            // Read once more when it changes again, or when the pause after a failure is over: it may be half written.
            keeper.failed(due, RevocationFault(error.reason, error.detail), mark: nil, at: UnixTime.seconds())
        }
    }

    private func fetch(_ url: String, _ due: DueSource) async {
        do throws(RevocationFault) {
            let body = try await document(at: url)
            let lists = try CertificateListFile.lists(in: body)
            for list in lists { try ListAcceptance.check(list, replacing: due.known.lists, anchors: due.anchors) }
            keeper.succeeded(due, lists, mark: nil, at: UnixTime.seconds())
            keep(body, url)
        } catch {
            keeper.failed(due, error, mark: nil, at: UnixTime.seconds())
        }
    }

    private func document(at url: String) async throws(RevocationFault) -> [UInt8] {
        guard let address = FetchURL(url) else {
            throw RevocationFault(.revocationListUnreachable, "the URL cannot be fetched")
        }
        let limit = RevocationLimits.default.listBytes / 2 * 3
        let request = FetchRequest(
            .get, address, fields: [.accept("application/pkix-crl, */*")],
            bounds: FetchBounds(total: .seconds(60), content: limit))
        let response: FetchResponse
        do throws(FetchFailure) {
            response = try await fetcher.fetch(request)
        } catch {
            throw RevocationFault(.revocationListUnreachable, "\(error.reason.name): \(error.detail)")
        }
        guard response.status == 200 else {
            throw RevocationFault(.revocationListUnreachable, "the server answers with status \(response.status)")
        }
        return response.body
    }

    /// A disk that is full costs the next start its list, not this gateway.
    private func keep(_ body: [UInt8], _ url: String) {
        do throws(PKIError) {
            try keeper.stored.store(body, url: url)
        } catch {
            keeper.logger.warning("revocation list not stored", metadata: ["url": "\(url)", "error": "\(error)"])
        }
    }

    // MARK: responders

    private func askResponders() async {
        while true {
            let inquiries = keeper.answers.take(at: Self.width)
            if inquiries.isEmpty { return }
            await withTaskGroup(of: Void.self) { group in
                for inquiry in inquiries { group.addTask { await ask(inquiry) } }
            }
        }
    }

    private func ask(_ inquiry: StatusInquiry) async {
        do throws(RevocationFault) {
            let answer = try await answer(to: inquiry)
            keeper.answers.record(answer, to: inquiry.question)
            if answer.isRevoked { keeper.publish() }
        } catch {
            keeper.answers.fail(inquiry.question, error.description, at: UnixTime.seconds())
            keeper.logger.warning(
                "OCSP responder gave no answer",
                metadata: [
                    "code": "\(error.reason.name)", "detail": "\(error.detail)", "responder": "\(inquiry.url)",
                    "certificate": "\(inquiry.question.text)",
                ])
        }
    }

    private func answer(to inquiry: StatusInquiry) async throws(RevocationFault) -> StatusAnswer {
        guard let address = FetchURL(inquiry.url) else {
            throw RevocationFault(.statusResponderUnavailable, "the URL cannot be asked")
        }
        let request = try StatusRequest(inquiry.question)
        let response: FetchResponse
        do throws(FetchFailure) {
            response = try await fetcher.fetch(
                FetchRequest(
                    .post, address,
                    fields: [.contentType("application/ocsp-request"), .accept("application/ocsp-response")],
                    body: request.der,
                    bounds: FetchBounds(
                        total: .seconds(10), connect: .seconds(5), content: RevocationLimits.default.responseBytes,
                        redirects: 1)))
        } catch {
            throw RevocationFault(.statusResponderUnavailable, "\(error.reason.name): \(error.detail)")
        }
        guard response.status == 200 else {
            throw RevocationFault(.statusResponderUnavailable, "it answers with status \(response.status)")
        }
        return try StatusResponseCheck.answer(
            in: response.body, to: inquiry.question, request: request, at: UnixTime.seconds())
    }
}
