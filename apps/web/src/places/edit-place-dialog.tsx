import { useMutation, useQuery } from "@connectrpc/connect-query";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { useState } from "react";
import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { useReadAnew } from "../read-anew.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { PlaceFields, type PlaceProblems, placeFieldNames, placeOf } from "./place-fields.tsx";

const { getLocation, listLocations, updateLocation } = LocationsService.method;

export default function EditPlaceDialog() {
  const locationId = usePathId("locationId");
  const page = `/places/${locationId}/about`;
  const query = useQuery(getLocation, { locationId });
  const saving = useMutation(updateLocation, { onSuccess: useReadAnew([getLocation, listLocations]) });
  const [problems, setProblems] = useState<PlaceProblems>({});
  const close = useGoBackTo(page);
  return (
    <RouteDialog title="Change the place" page={page}>
      <Loaded query={query} what="The place">
        {({ location }) =>
          location === undefined ? null : (
            <Form
              error={saving.error}
              fieldNames={placeFieldNames}
              onSubmit={async (values) => {
                const read = placeOf(values);
                setProblems("problems" in read ? read.problems : {});
                if ("location" in read) {
                  await saving.mutateAsync({ location: { ...read.location, locationId } });
                  close();
                }
              }}
            >
              <PlaceFields location={location} problems={problems} />
              <div className="form-actions">
                <Button type="submit" kind="primary" isPending={saving.isPending} pendingText="Saving…">
                  Save
                </Button>
                <Button onPress={close}>Not now</Button>
              </div>
            </Form>
          )
        }
      </Loaded>
    </RouteDialog>
  );
}
