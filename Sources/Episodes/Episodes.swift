// What is remembered.
//
//     Control ──TickRecord──▶ Ring ──▶ Recorder ──▶ SESSION-e0001.mcap   plain records, while it happens
//                                                        │ label
//                                        Finisher ◀──────┘               chunks, index, figures; in one step
//                                           │
//                                        Dataset: dataset.json + a log each ──▶ EpisodeReader ──▶ Learning, verify, …
//                                           │                                └▶ Inspection
//                                        Recovery: a torn log becomes a whole one, the original is kept
//
// Units: radians, rad/s, nanoseconds on the loop's clock; a log's own times are that clock plus the session's
// `clockOffset`. What is not known is NaN or nil, and times that never came are `Nanoseconds.never`.
//
// Torque: nothing here reaches a servo, and nothing here makes the tick wait. If recording fails, the tick goes on; the
// session reads `RecorderStatus` and decides.
//
// Reading order: TickRecord, Session/SessionInfo, Messages/Schemas, Log/MCAP, Recording/Recorder, Dataset/Dataset.
