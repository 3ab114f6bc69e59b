# shellcheck shell=bash
# A private Apache Kafka: KRaft, one node that is broker and controller, loopback only, heap 512 MB.
# The jars come from Maven Central by scripts/kafka/pom.xml.

KAFKA_POM=$ROOT/scripts/kafka/pom.xml

# The folder of the jars, named after what the pom asks for.
kafka_jars() {
  printf '%s/.local/kafka-jars/%s' "$ROOT" "$(sha256sum "$KAFKA_POM" | cut -c1-12)"
}

# Fetches the jars, if they are not there.
fetch_kafka() {
  local jars
  jars=$(kafka_jars)
  if [[ -d $jars ]]; then return 0; fi
  say "Fetching Apache Kafka's jars from Maven Central"
  rm -rf "$jars.part"
  mkdir -p "$jars.part"
  if ! mvn -B -q -ntp -f "$KAFKA_POM" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$jars.part" >"$jars.log" 2>&1; then
    show_log_end "$jars.log" "mvn could not fetch Apache Kafka"
    return 1
  fi
  mv "$jars.part" "$jars"
}

# How a Java class of Kafka is run; options of the JVM and the class follow.
kafka_java() {
  printf '%s\n' java -XX:+UseSerialGC "-Dlog4j2.configurationFile=$ROOT/scripts/kafka/log4j2.yaml" -cp "$(kafka_jars)/*"
}

# Runs one of Kafka's command-line tools: kafka_tool CLASS ARGUMENTS...
kafka_tool() {
  local java
  mapfile -t java < <(kafka_java)
  "${java[@]}" -Xmx256m -XX:TieredStopAtLevel=1 "$@"
}

# Starts a place's Kafka, if it does not run on those ports: start_kafka PLACE PORT CONTROLLER_PORT
start_kafka() {
  local place=$1 port=$2 controller_port=$3 pid_file=$1/pid/kafka.pid log=$1/log/kafka.log java size what
  what="ports $port $controller_port, jars $(basename "$(kafka_jars)")"
  if runs_as "$pid_file" "$what"; then return 0; fi
  stop_kafka "$place"
  require_free_port "$port" DISCUSS_KAFKA_PORT
  require_free_port "$controller_port" DISCUSS_KAFKA_CONTROLLER_PORT
  fetch_kafka || return 1
  mkdir -p "$place/kafka" "$place/log"
  write_kafka_settings "$place/kafka" "$port" "$controller_port"
  touch "$log"
  size=$(stat -c %s "$log")
  format_kafka "$place/kafka" "$log" || return 1
  mapfile -t java < <(kafka_java)
  start_daemon "$pid_file" "$log" "${java[@]}" -Xms128m -Xmx512m kafka.Kafka "$place/kafka/server.properties"
  remember_what_runs "$pid_file" "$what"
  wait_until 90 "$pid_file" "$log" Kafka kafka_said_ready "$log" "$size"
}

# Whether the broker has said that it is ready, behind byte SIZE of its log.
kafka_said_ready() {
  tail -c "+$(($2 + 1))" "$1" | grep -q "Kafka Server started"
}

# Topics are made by the admin API, so that a misspelt name is an error. Copies of everything: 1.
write_kafka_settings() {
  local folder=$1 port=$2 controller_port=$3
  cat >"$folder/server.properties" <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller_port
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$folder/data
auto.create.topics.enable=false
num.partitions=4
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
END
}

# Gives a new data folder the id that KRaft asks for.
format_kafka() {
  local folder=$1 log=$2 id
  if [[ -e $folder/data/meta.properties ]]; then return 0; fi
  # 22 characters; one that begins with a dash would be taken for an option.
  id=D$(openssl rand 16 | base64 | tr '+/' '-_' | tr -d '=' | cut -c2-)
  kafka_tool kafka.tools.StorageTool format -t "$id" -c "$folder/server.properties" >>"$log" 2>&1 ||
    { show_log_end "$log" "Kafka's storage could not be formatted"; return 1; }
}

# Stops a place's Kafka.
stop_kafka() {
  stop_daemon "$1/pid/kafka.pid" TERM 30
}
