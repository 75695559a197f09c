/** A refusal that has no gRPC code of its own: it is about HTTP. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param reason upper snake case, for programs.
   * @param message for the caller: what to do.
   */
  constructor(
    status: number,
    reason: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.headers = headers;
  }
}
