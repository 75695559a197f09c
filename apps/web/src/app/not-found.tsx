import { useLocation } from "@tanstack/react-router";
import { Link } from "../ui/link.tsx";
import { Empty } from "../ui/notice.tsx";
import { useTitle } from "./navigate.ts";

export default function NotFoundPage() {
  return <NotFound />;
}

export function NotFound() {
  const { pathname } = useLocation();
  useTitle("No such page");
  return (
    <Empty
      title="There is no such page"
      action={
        <Link href="/" button="primary">
          To the first page
        </Link>
      }
    >
      <p>
        Nothing is at <span className="mono">{pathname}</span>. The link may be old, or mistyped.
      </p>
    </Empty>
  );
}
