import { yamux } from '@chainsafe/libp2p-yamux';

type CreateFactory = ReturnType<typeof yamux>;
type Muxer = ReturnType<ReturnType<CreateFactory>['createStreamMuxer']>;
type Stream = ReturnType<Muxer['onCreateStream']>;

/** What yamux's muxers and streams hold beside what their types show. */
interface StreamMaking {
  readonly _newStream: (...parameters: never[]) => Stream;
}
interface Receiving {
  /** Bytes that the other end may send before it is given more. */
  readonly recvWindowCapacity: number;
  readonly recvWindow: number;
}

/** yamux's `StreamState.Established`: both ends have said that they know the stream. */
const established: Stream['state'] = 3;
/** Of its window the other end always has so much left that two pieces of 64 KiB can be on their way. */
const windowShare = 3 / 4;

/**
 * yamux that gives the other end new window when a quarter was used: left alone it does so for every message received, and
 * each time is a message of its own, to be sealed, sent, opened and read.
 */
export function streamMuxer(init: Parameters<typeof yamux>[0]): CreateFactory {
  const create = yamux(init);
  return () => {
    const factory = create();
    const createStreamMuxer = factory.createStreamMuxer.bind(factory);
    factory.createStreamMuxer = (connection) => spareUpdates(createStreamMuxer(connection));
    return factory;
  };
}

function spareUpdates(muxer: Muxer): Muxer {
  const { _newStream } = muxer as unknown as StreamMaking;
  const newStream: StreamMaking['_newStream'] = (...parameters) => {
    const stream = _newStream.apply(muxer, parameters);
    const sendWindowUpdate = stream.sendWindowUpdate.bind(stream);
    stream.sendWindowUpdate = () => {
      const { recvWindow, recvWindowCapacity } = stream as unknown as Receiving;
      // Before that an update also says that the stream is opened, or taken.
      if (stream.state === established && recvWindowCapacity > windowShare * recvWindow) return;
      sendWindowUpdate();
    };
    return stream;
  };
  return Object.assign(muxer, { _newStream: newStream });
}
