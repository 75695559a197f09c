import { readAppConfig } from "../app/app-config.ts";
import { homeOf } from "../app/navigation.ts";
import type { Session } from "./session.ts";

/**
 * "/?as=seller": somebody of the demo, in a window of his or her own, where that one's work is; "/desk/orders/1000?as=seller"
 * at once with that order. Where there is no such user, the sign-in page is shown. The address is replaced, so that a
 * reload is no second sign-in.
 */
export async function signInAs(session: Session, username: string): Promise<void> {
  let address = "/sign-in";
  try {
    const { demo } = await readAppConfig();
    if (demo?.users.some((user) => user.username === username)) {
      const { roles } = await session.signIn(username, demo.password);
      const { pathname } = window.location;
      address = pathname === "/" ? homeOf(roles) : pathname;
    }
  } catch {
    // The sign-in page says what is wrong, when it is tried there.
  }
  window.history.replaceState(null, "", address);
}
