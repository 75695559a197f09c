import { isPublicAddress } from "./network-address.ts";

/** What an installation lets its users choose. */
export interface WebhookRules {
  readonly allowPrivate: boolean;
  readonly allowHttp: boolean;
}

/**
 * Checks what can be known of a webhook's address before it is called. A name is checked again at each call, by the
 * address that it stands for then.
 *
 * @returns the address in its canonical form, or what is wrong with it.
 */
export function checkWebhookUrl(
  text: string,
  rules: WebhookRules,
): { readonly url: URL } | { readonly problem: string } {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: "must be an absolute address such as https://example.com/orders" };
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && rules.allowHttp)) {
    return { problem: rules.allowHttp ? "must begin with https:// or http://" : "must begin with https://" };
  }
  if (url.username !== "" || url.password !== "") {
    return { problem: "must not contain a user name or password: check the signature instead" };
  }
  if (!rules.allowPrivate && isPrivateHost(url.hostname)) {
    return { problem: "must not lead into a private network" };
  }
  url.hash = "";
  return { url };
}

function isPrivateHost(hostname: string): boolean {
  const bracketed = /^\[(.*)\]$/.exec(hostname)?.[1];
  if (bracketed !== undefined || /^\d+\.\d+\.\d+\.\d+$/.test(hostname)) {
    return !isPublicAddress(bracketed ?? hostname);
  }
  return /(^|\.)(localhost|local|internal)\.?$/i.test(hostname);
}
