import type { Channel } from "./notification.ts";

/** What a user's deliveries go to, as it is kept. */
export interface DeliveryAddresses {
  readonly emailAddress: string;
  readonly webhookUrl: string;
  readonly mobile: string;
}

/**
 * Where a delivery goes, for people who look at the log. What could be a secret is left out: a URL's query and its user,
 * most of a number.
 */
export function deliveryTarget(channel: Channel, addresses: DeliveryAddresses): string {
  switch (channel) {
    case "log":
      return "the service's log";
    case "email":
      return addresses.emailAddress;
    case "webhook":
      return URL.canParse(addresses.webhookUrl) ? withoutSecrets(new URL(addresses.webhookUrl)) : "";
    case "sms":
      return addresses.mobile === "" ? "" : `…${addresses.mobile.slice(-3)}`;
  }
}

function withoutSecrets({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
