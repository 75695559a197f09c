import { useMutation, useQuery } from "@connectrpc/connect-query";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { useGoBackTo, usePathId, usePathPart } from "../app/navigate.ts";
import { useReadAnew } from "../read-anew.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";

const { listMenu, removeMenuItem } = LocationsService.method;

/** Takes an item off the menu. */
export default function RemoveItemDialog() {
  const locationId = usePathId("locationId");
  const sku = Number(usePathPart("sku")) || 0;
  const page = `/places/${locationId}/menu`;
  const item = useQuery(listMenu, { locationId }).data?.items.find((each) => each.sku === sku);
  const removal = useMutation(removeMenuItem, { onSuccess: useReadAnew([listMenu]) });
  const close = useGoBackTo(page);
  return (
    <RouteDialog title="Take it off the menu" page={page}>
      <Form
        error={removal.error}
        onSubmit={async () => {
          await removal.mutateAsync({ locationId, sku });
          close();
        }}
      >
        <p>
          <b>{item?.name ?? "This item"}</b> cannot be ordered any more. Orders that have it keep it. Is it
          only gone for today? Then say “Sold out” instead.
        </p>
        <div className="form-actions">
          <Button type="submit" kind="danger-solid" isPending={removal.isPending} pendingText="Removing…">
            Take it off
          </Button>
          <Button onPress={close}>Not now</Button>
        </div>
      </Form>
    </RouteDialog>
  );
}
