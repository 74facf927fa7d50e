/** The examples run as they stand. */
import '../../examples/library/pod_in_a_test.ts'
import '../../examples/library/ten_minutes_in_virtual_time.ts'
