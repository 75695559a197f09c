import type { DescService } from "@bufbuild/protobuf";
import { FeedService } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";

/** What the stream's contract says, for the list of all calls. Nobody else opens one. */
export const feedContract: DescService = FeedService;
