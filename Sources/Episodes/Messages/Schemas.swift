/// Where each message of a log goes, and how it is described to other programs.
enum Topic: Int, CaseIterable {
  case follower, leader, command, leaderCommand, tick

  var name: String {
    switch self {
    case .follower: "/follower/joint_states"
    case .leader: "/leader/joint_states"
    case .command: "/follower/command"
    case .leaderCommand: "/leader/command"
    case .tick: "/understudy/tick"
    }
  }

  /// The number of its channel in our own files; a reader goes by the name.
  var channel: UInt16 { UInt16(rawValue + 1) }

  var schema: SchemaRecord { self == .tick ? Schemas.tick : Schemas.jointState }
}

/// ROS 2 message definitions as `ros2msg` schemas: the text, then each dependency after a line of 80 `=`.
enum Schemas {
  static let jointState = SchemaRecord(
    id: 1, name: "sensor_msgs/msg/JointState", encoding: "ros2msg",
    text: """
      std_msgs/Header header
      string[] name
      float64[] position
      float64[] velocity
      float64[] effort

      \(separator)
      MSG: std_msgs/Header
      builtin_interfaces/Time stamp
      string frame_id

      \(separator)
      MSG: builtin_interfaces/Time
      int32 sec
      uint32 nanosec

      """)

  /// All of `TickRecord` that is in no JointState: first what every tick has, at fixed places that need no padding
  /// (`TickLayout` holds them), then lists that are empty where other numbers of the log say the same. What most ticks
  /// would repeat or could be worked out costs four bytes so. A log with any other text than this is of another version.
  static let tick = SchemaRecord(
    id: 2, name: "understudy_msgs/msg/Tick", encoding: "ros2msg",
    text: """
      # One tick of Understudy's control loop, version 2. Units: radians, rad/s, nanoseconds. NaN: not known, not asked.
      # Arrays of 8 have a place for each joint in the order of the session; the rest is padding.
      uint64 tick               # periods since the loop began, missed ones included
      int64 scheduled_ns        # when the tick should have begun, on the loop's clock
      int64 late_ns             # how much later it did
      int64 environment_age_ns  # when it began, minus the stamp of the environment's datagram
      int32[8] follower_age_ns  # when it began, minus the time of each joint's reply; below 0: it came within the tick;
                                # 2147483647: never; -2147483648: the next number of far_ages_ns
      int32[8] leader_age_ns
      float32[8] follower_load  # share of full PWM duty, -1 to 1
      float32[8] leader_load
      float32[8] anchor         # person: the arms' offset before this tick; slow move or stop: the pose it goes to
      float32 gate_score
      float32 gate_threshold
      uint32 missed             # periods missed since the tick before
      uint32 episode
      uint32 policy             # generation of the policy, from 1; 0: none
      int32 sense_ns            # how long each part of the tick took
      int32 decide_ns
      int32 constrain_ns
      int32 act_ns
      int32 record_ns
      uint16 limits             # bits: 1 velocity, 2 acceleration, 4 position, 8 workspace, 16 hand guiding
      uint16 fault              # 0: none
      uint8 request
      uint8 state
      uint8 source              # 0 none, 1 person, 2 policy, 3 blend, 4 playback, 5 parking, 6 hold
      bool decides              # the sources decided anew in this tick
      uint8[8] follower_age     # each joint's reading in ticks; 255: older, or never
      uint16 steps              # bits: 1 constrained, 2 braked, 4 policy asked, 8 inferred, 16 person took hold,
                                # 32 offset closes by itself, 64 trajectory, 128 load too long, 256 bus taken away,
                                # 512 labelled: person_wish is what the person would have done
      uint8 asked               # who was asked for the wish, as source
      uint8 zeros               # bits: places beyond the last joint are 0, else NaN; in the order of padding
      int64[] far_ages_ns       # ages that need more than 32 bits, the follower's first
      float32[] environment     # the features that the session names
      float32[] before          # the command of the tick before; empty: it is in the log, a tick earlier
      float32[] before_step     # its change, 0 after a gap in time; empty: the wish of the tick before minus its before
      float32[] policy_wish     # what the policy asked for, also while a person commands; empty: not asked
      float32[] person_wish     # what the person asked for, also while the policy commands; empty: not asked
      float32[] wish            # what the envelope was asked for; empty: what asked names (person_wish, policy_wish,
                                # else before)
      float32[] padding         # empty, or places beyond the last joint of follower position and velocity, leader
                                # position and velocity, command, leader command, joint by joint

      """)

  private static let separator = String(repeating: "=", count: 80)
}
