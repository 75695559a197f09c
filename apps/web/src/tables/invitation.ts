/** The path of an invitation's link, with its secret: the same page at whatever address we are open here. */
export function guestPath(link: string): string {
  const { pathname, hash } = new URL(link);
  return `${pathname.slice(Math.max(0, pathname.lastIndexOf("/t/")))}${hash}`;
}

/** A whole link again, of the address that this page has: the service looks at its end only. */
export function linkAt(origin: string, code: string, secret: string): string {
  return `${origin}/t/${code}#${secret}`;
}

/** "K7M 4QX": six letters are read in two halves. */
export function codeText(code: string): string {
  return code.length === 6 ? `${code.slice(0, 3)} ${code.slice(3)}` : code;
}

/** As somebody typed it: in capital letters, without what stands between. */
export function typedCode(text: string): string {
  return text
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .slice(0, 20);
}
