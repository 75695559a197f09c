import { useQuery } from "@tanstack/react-query";

/** The part of the OpenAPI document that is read here. */
interface OpenApi {
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId?: string;
  readonly description?: string;
}

const timeoutMs = 15_000;

/**
 * What the contracts say of each call, by its name in the OpenAPI document, and of each service by its name without
 * "ordermesh.". Generated code has no comments; the document has them. Empty until it is there.
 */
export function useDocuments(): Readonly<Record<string, string>> {
  return (
    useQuery({ queryKey: ["openapi"], staleTime: Number.POSITIVE_INFINITY, queryFn: readDocuments }).data ??
    {}
  );
}

async function readDocuments(): Promise<Readonly<Record<string, string>>> {
  const response = await fetch("/openapi.json", { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) {
    throw new Error(`/openapi.json: ${response.status}`);
  }
  return documentsOf((await response.json()) as OpenApi);
}

export function documentsOf({ tags = [], paths = {} }: OpenApi): Readonly<Record<string, string>> {
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  return Object.fromEntries([
    ...tags.map(({ name, description = "" }) => [name, description]),
    ...operations.map(({ operationId = "", description = "" }) => [operationId, ownWords(description)]),
  ]);
}

/** Without the sentences that the document adds: who may call, and how, is told by the contract itself. */
function ownWords(description: string): string {
  return description
    .split("\n\n")
    .filter((paragraph) => !/^(For users with|Needs no token|Answers with server-sent)/.test(paragraph))
    .join("\n\n");
}
