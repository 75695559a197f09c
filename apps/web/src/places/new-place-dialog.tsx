import { useMutation } from "@connectrpc/connect-query";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import { useState } from "react";
import { useGo, useGoBackTo } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { useReadAnew } from "../read-anew.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { PlaceFields, type PlaceProblems, placeFieldNames, placeOf } from "./place-fields.tsx";

const { createLocation, listLocations } = LocationsService.method;

export default function NewPlaceDialog() {
  const making = useMutation(createLocation, { onSuccess: useReadAnew([listLocations]) });
  const [problems, setProblems] = useState<PlaceProblems>({});
  const close = useGoBackTo("/places");
  const go = useGo();
  return (
    <RouteDialog title="New place" page="/places">
      <Form
        error={making.error}
        fieldNames={{ ...placeFieldNames, "location.currency_code": "currency" }}
        onSubmit={async (values) => {
          const read = placeOf(values);
          setProblems("problems" in read ? read.problems : {});
          if ("location" in read) {
            const currencyCode = (values.currency ?? "").trim().toUpperCase();
            const { location } = await making.mutateAsync({ location: { ...read.location, currencyCode } });
            go(`/places/${location?.locationId ?? ""}/menu`, { replace: true });
          }
        }}
      >
        <PlaceFields problems={problems} />
        <Field
          label="Currency of the prices"
          name="currency"
          defaultValue="EUR"
          {...limitsOf(MoneySchema, "currency_code")}
          isRequired={false}
          width={5}
          hint="It cannot be changed later."
        />
        <div className="form-actions">
          <Button type="submit" kind="primary" isPending={making.isPending} pendingText="Making it…">
            Make it, then add its menu
          </Button>
          <Button onPress={close}>Not now</Button>
        </div>
      </Form>
    </RouteDialog>
  );
}
