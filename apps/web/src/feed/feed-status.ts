/** How live a page is. */
export type FeedStatus =
  /** Nothing on this page is live. */
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** `since`: when it was live last, in milliseconds since 1970; undefined if it never was. */
  | { readonly kind: "reconnecting"; readonly since: number | undefined }
  /** Too many people at this browser: it asks every few seconds instead. */
  | { readonly kind: "polling" };

export const pollEveryMs = 3_000;
