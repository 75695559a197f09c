import { useMutation, useQuery } from "@connectrpc/connect-query";
import {
  Channel,
  type Delivery,
  DeliveryStatus,
  NotificationsService,
} from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { keepPreviousData } from "@tanstack/react-query";
import { useQueryFields } from "../app/navigate.ts";
import { queryText } from "../query-text.ts";
import { useReadAnew } from "../read-anew.ts";
import { Failure } from "../ui/failure.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty, Notice, Skeleton } from "../ui/notice.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { Select } from "../ui/select.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { useOnce } from "../ui/use-once.ts";
import { DeliveriesTable } from "./deliveries-table.tsx";
import { everyMs } from "./figures.ts";
import { Freshness } from "./freshness.tsx";
import { channelText } from "./operation-words.ts";
import { OperationsHead } from "./operations-head.tsx";

const pageSize = 100;

const views: readonly { readonly name: string; readonly text: string; readonly status: DeliveryStatus }[] = [
  { name: "", text: "All", status: DeliveryStatus.UNSPECIFIED },
  { name: "failed", text: "Given up", status: DeliveryStatus.FAILED },
  { name: "pending", text: "Waiting", status: DeliveryStatus.PENDING },
  { name: "delivered", text: "Delivered", status: DeliveryStatus.DELIVERED },
];

const channels: readonly { readonly name: string; readonly channel: Channel }[] = [
  { name: "webhook", channel: Channel.WEBHOOK },
  { name: "email", channel: Channel.EMAIL },
  { name: "sms", channel: Channel.SMS },
  { name: "log", channel: Channel.LOG },
];

/** Every message that leaves the house: where to, what became of it, and how to send it again. */
export default function DeliveriesPage() {
  const [{ view: viewName = "", channel: channelName = "", user = "", page = "" }] = useQueryFields();
  const view = views.find(({ name }) => name === viewName);
  const query = useQuery(
    NotificationsService.method.listDeliveries,
    {
      userId: /^\d{1,18}$/.test(user) ? BigInt(user) : 0n,
      status: view?.status ?? DeliveryStatus.UNSPECIFIED,
      channel: channels.find(({ name }) => name === channelName)?.channel ?? Channel.UNSPECIFIED,
      pageSize,
      pageToken: page,
    },
    { placeholderData: keepPreviousData, refetchInterval: everyMs.lists, staleTime: 2_000 },
  );
  const filters = { view: viewName, channel: channelName, user };
  const isFiltered = Object.values(filters).some((text) => text !== "");
  return (
    <div className="operations">
      <OperationsHead part="/ops/deliveries">
        <Freshness query={query} everyMs={everyMs.lists} />
      </OperationsHead>
      <Filters {...filters} />
      <Loaded query={query} what="The list of deliveries" skeleton={<Skeleton rows={10} widths={[94]} />}>
        {({ deliveries, nextPageToken }) => (
          <>
            <Deliveries deliveries={deliveries} isFiltered={isFiltered} />
            <p className="list-pages">
              {page === "" ? null : (
                <Link href={`/ops/deliveries${queryText(filters)}`} button="plain">
                  Newest
                </Link>
              )}
              {nextPageToken === "" ? null : (
                <Link
                  href={`/ops/deliveries${queryText({ ...filters, page: nextPageToken })}`}
                  button="plain"
                >
                  Older
                </Link>
              )}
            </p>
          </>
        )}
      </Loaded>
    </div>
  );
}

interface FiltersProps {
  readonly view: string;
  readonly channel: string;
  readonly user: string;
}

function Filters({ view, channel, user }: FiltersProps) {
  const [, change] = useQueryFields();
  return (
    <>
      <Tabs
        label="Which deliveries"
        tabs={views.map(({ name, text }) => ({
          href: `/ops/deliveries${queryText({ view: name, channel, user })}`,
          text,
          isCurrent: name === view,
        }))}
      />
      <div className="filters">
        <Select
          label="Channel"
          hideLabel
          name="channel"
          value={channel}
          onChange={(value) => change({ channel: value, page: "" })}
          options={[
            { value: "", text: "All channels" },
            ...channels.map((each) => ({ value: each.name, text: channelText[each.channel] })),
          ]}
        />
        <SearchField
          label="User’s number"
          value={user}
          onSearch={(text) => change({ user: text.trim(), page: "" }, { replace: true })}
        />
      </div>
    </>
  );
}

interface DeliveriesProps {
  readonly deliveries: readonly Delivery[];
  readonly isFiltered: boolean;
}

function Deliveries({ deliveries, isFiltered }: DeliveriesProps) {
  const readAnew = useReadAnew([NotificationsService.method.listDeliveries]);
  const resend = useMutation(NotificationsService.method.resendDelivery, { onSettled: readAnew });
  const once = useOnce();
  const wanted = resend.variables?.deliveryId;
  if (deliveries.length === 0) {
    return isFiltered ? (
      <Empty
        title="No deliveries of this kind"
        action={<Link href="/ops/deliveries">Show all deliveries</Link>}
      />
    ) : (
      <Empty title="Nothing was sent yet">
        <p>Messages to users are here from the first one on: e-mails, webhooks, text messages.</p>
      </Empty>
    );
  }
  return (
    <>
      {resend.error === null ? null : (
        <Failure error={resend.error} what={`Delivery ${wanted} could not be sent again`} />
      )}
      {resend.data?.delivery === undefined || resend.isPending ? null : (
        <Notice
          tone="done"
          announced
          title={`Delivery ${resend.data.delivery.deliveryId} is being sent again`}
        >
          <p>
            From the first try on, to <span className="mono">{resend.data.delivery.target}</span>. The list
            tells what became of it.
          </p>
        </Notice>
      )}
      <DeliveriesTable
        deliveries={deliveries}
        sending={resend.isPending ? wanted : undefined}
        onResend={(deliveryId) => once(() => resend.mutateAsync({ deliveryId }))}
      />
    </>
  );
}
