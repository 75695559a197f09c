import { Link } from "../ui/link.tsx";

/** The token is not good any more, and why is not said: the table was closed, or the staff took it away. */
export function GoneNotice() {
  return (
    <div className="guest-start" role="status">
      <h1>You are not at this table any more</h1>
      <p>
        The table was closed, or the staff took your phone off it. What you ordered stays with the table. If
        you still sit there, scan its code again, or ask the staff.
      </p>
      <p>
        <Link href="/t" button="plain">
          Type a code
        </Link>
      </p>
    </div>
  );
}
