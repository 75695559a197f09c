import { useMutation, useQuery } from "@connectrpc/connect-query";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { useState } from "react";
import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { useReadAnew } from "../read-anew.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { wordsOf } from "./place-fields.tsx";

const { getLocationStaff, setLocationStaff } = LocationsService.method;

/** Who works at a location besides its owner, by their user ids. */
export default function StaffDialog() {
  const locationId = usePathId("locationId");
  const page = `/places/${locationId}/about`;
  const query = useQuery(getLocationStaff, { locationId });
  const saving = useMutation(setLocationStaff, { onSuccess: useReadAnew([getLocationStaff]) });
  const [unreadable, setUnreadable] = useState<string>();
  const close = useGoBackTo(page);
  return (
    <RouteDialog title="Who works here" page={page}>
      <Loaded query={query} what="Who works here">
        {({ userIds }) => (
          <Form
            error={saving.error}
            onSubmit={async ({ user_ids = "" }) => {
              const ids = wordsOf(user_ids);
              const wrong = ids.find((id) => !/^[1-9]\d{0,17}$/.test(id));
              setUnreadable(wrong);
              if (wrong === undefined) {
                await saving.mutateAsync({ locationId, userIds: ids.map(BigInt) });
                close();
              }
            }}
          >
            <Field
              label="User ids"
              name="user_ids"
              defaultValue={userIds.join(", ")}
              hint="Separated by commas. They open tables, take orders and settle bills here. Sellers find their own id under “About”."
              {...(unreadable !== undefined && { problem: `“${unreadable}” is no user id.` })}
            />
            <div className="form-actions">
              <Button type="submit" kind="primary" isPending={saving.isPending} pendingText="Saving…">
                Save
              </Button>
              <Button onPress={close}>Not now</Button>
            </div>
          </Form>
        )}
      </Loaded>
    </RouteDialog>
  );
}
