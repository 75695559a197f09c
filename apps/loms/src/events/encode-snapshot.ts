import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { OrderSnapshotSchema } from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import {
  LineAttributeSchema,
  OrderLineSchema,
  TableReferenceSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import type { Order, OrderLine, TableReference } from "../domain/order.ts";

const snapshot = OrderSnapshotSchema.field;
const line = OrderLineSchema.field;
const attribute = LineAttributeSchema.field;
const money = MoneySchema.field;
const timestamp = TimestampSchema.field;
const table = TableReferenceSchema.field;

/**
 * Encodes an order as an OrderSnapshot without its version. Field by field, and not by `toBinary` from a message:
 * that was half of all that Node did for a new order (17 µs of 39, now 6). A test decodes any order back.
 */
export function encodeSnapshot(order: Order): Uint8Array {
  const { total } = order;
  const writer = new BinaryWriter();
  writer.tag(snapshot.orderId.number, WireType.Varint).int64(order.id);
  writer.tag(snapshot.userId.number, WireType.Varint).int64(order.userId);
  for (const orderLine of order.lines) {
    writeLine(writer, orderLine, total?.currencyCode);
  }
  if (total !== undefined) {
    writeMoney(writer, snapshot.total.number, total.currencyCode, total.amountMinor);
  }
  writeTimestamp(writer, snapshot.createdTime.number, order.createdAt);
  if (order.paymentDueAt !== undefined) {
    writeTimestamp(writer, snapshot.paymentDueTime.number, order.paymentDueAt);
  }
  if (order.table !== undefined) {
    writeTable(writer, order.table);
  }
  return writer.finish();
}

function writeLine(writer: BinaryWriter, orderLine: OrderLine, currencyCode: string | undefined): void {
  const { sku, quantity, name, unitPriceMinor, attributes } = orderLine;
  writer.tag(snapshot.lines.number, WireType.LengthDelimited).fork();
  writer.tag(line.sku.number, WireType.Varint).uint32(sku);
  writer.tag(line.quantity.number, WireType.Varint).uint32(quantity);
  writer.tag(line.name.number, WireType.LengthDelimited).string(name);
  if (currencyCode !== undefined && unitPriceMinor !== undefined) {
    writeMoney(writer, line.unitPrice.number, currencyCode, unitPriceMinor);
  }
  for (const { name: attributeName, value } of attributes ?? []) {
    writer.tag(line.attributes.number, WireType.LengthDelimited).fork();
    writer.tag(attribute.name.number, WireType.LengthDelimited).string(attributeName);
    writer.tag(attribute.value.number, WireType.LengthDelimited).string(value);
    writer.join();
  }
  writer.join();
}

function writeTable(
  writer: BinaryWriter,
  { locationId, sessionId, guestNickname, staffUserId, note }: TableReference,
): void {
  writer.tag(snapshot.table.number, WireType.LengthDelimited).fork();
  writer.tag(table.locationId.number, WireType.Varint).int64(locationId);
  writer.tag(table.sessionId.number, WireType.Varint).int64(sessionId);
  writer.tag(table.guestNickname.number, WireType.LengthDelimited).string(guestNickname);
  writer.tag(table.staffUserId.number, WireType.Varint).int64(staffUserId);
  writer.tag(table.note.number, WireType.LengthDelimited).string(note);
  writer.join();
}

function writeMoney(writer: BinaryWriter, field: number, currencyCode: string, amountMinor: number): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  writer.tag(money.currencyCode.number, WireType.LengthDelimited).string(currencyCode);
  writer.tag(money.amountMinor.number, WireType.Varint).int64(amountMinor);
  writer.join();
}

function writeTimestamp(writer: BinaryWriter, field: number, date: Date): void {
  const seconds = Math.floor(date.getTime() / 1000);
  const nanos = (date.getTime() - seconds * 1000) * 1_000_000;
  writer.tag(field, WireType.LengthDelimited).fork();
  writer.tag(timestamp.seconds.number, WireType.Varint).int64(seconds);
  writer.tag(timestamp.nanos.number, WireType.Varint).int32(nanos);
  writer.join();
}
