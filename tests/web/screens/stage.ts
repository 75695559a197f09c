import { callAs } from "../caller.ts";
import type { People } from "../people.ts";
import type { Stage } from "./screen.ts";

export function stageOf(people: People): Stage {
  return {
    url: people.url,
    people,
    call: (username) => callAs(people.url, username),
    async act(username, what) {
      const { page, context } = await people.demoUser(username);
      try {
        return await what(page);
      } finally {
        await context.close();
      }
    },
  };
}
