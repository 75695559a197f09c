import { type KeySource, readOwnKey } from "@ordermesh/auth/key-source";
import { createServiceTokens } from "@ordermesh/auth/service-tokens";
import { Failure } from "@ordermesh/failure/failure";
import { type CredentialsFor, type MeshAddresses, type MeshClients, openClients } from "./clients.ts";
import { demoPassword, type demoUsers } from "./demo-users.ts";
import { ownName } from "./mesh-keys.ts";

/**
 * What this command line shows to services: tokens that it signs with its own key. Nothing where the mesh asks for none.
 *
 * @throws Failure that says which key can not be used.
 */
export async function ownCredentials(key: KeySource | undefined): Promise<CredentialsFor> {
  if (key === undefined) {
    return () => undefined;
  }
  const tokens = createServiceTokens(await readKey(key));
  return (service) => tokens.credentialsFor(service);
}

async function readKey(key: KeySource) {
  try {
    return await readOwnKey(key, ownName);
  } catch (error) {
    if (error instanceof Failure) {
      throw new Failure(
        error.kind,
        `${error.message} \`npm start\` makes it in its data folder; another mesh's is named with SERVICE_KEY_FILE.`,
        { reason: error.reason, cause: error },
      );
    }
    throw error;
  }
}

/** A user of the demonstration, with clients that carry the user's token. */
export interface SignedIn {
  readonly userId: bigint;
  readonly clients: MeshClients;
}

/** @throws Failure `unauthenticated` where there are no such users. */
export async function signIn(
  addresses: MeshAddresses,
  username: (typeof demoUsers)[number],
): Promise<SignedIn> {
  const anonymous = await openClients(addresses, () => undefined);
  try {
    const { accessToken, user } = await anonymous.identity.login({ username, password: demoPassword });
    const clients = await openClients(addresses, () => () => accessToken);
    return { userId: user?.userId ?? 0n, clients };
  } catch (error) {
    throw new Failure(
      "unauthenticated",
      `${username} can not sign in at ${addresses.identity}: is this a mesh that \`npm start\` has started, with its demo users?`,
      { reason: "NO_DEMO_USER", cause: error },
    );
  } finally {
    anonymous.close();
  }
}
